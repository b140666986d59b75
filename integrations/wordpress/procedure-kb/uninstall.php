<?php

/**
 * Removes the settings. Copies of cards are transients, which WordPress removes when they expire.
 */

defined('WP_UNINSTALL_PLUGIN') || exit;

delete_option('procedure_kb');
