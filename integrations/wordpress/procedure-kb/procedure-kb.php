<?php

/**
 * Plugin Name:       Procedure KB
 * Description:       Cited facts on procedures of interventional pain management: what they are, what can go wrong, what else there is.
 * Version:           0.1.0
 * Requires at least: 6.1
 * Requires PHP:      7.4
 * Author:            procedure-kb contributors
 * License:           MIT
 * Text Domain:       procedure-kb
 */

defined('ABSPATH') || exit;

define('PROCEDURE_KB_VERSION', '0.1.0');
define('PROCEDURE_KB_FILE', __FILE__);

require __DIR__ . '/includes/settings.php';
require __DIR__ . '/includes/cards.php';
require __DIR__ . '/includes/adapt.php';
require __DIR__ . '/includes/blocks.php';

add_action('init', 'ProcedureKB\\register_blocks');
add_action('admin_init', 'ProcedureKB\\register_settings');
add_action('admin_menu', 'ProcedureKB\\add_settings_page');
