<?php

// Makes the copies of cards two hours old, or removes them: `php age.php DIRECTORY age|remove`.

[, $directory, $change] = $argv;
$_SERVER['HTTP_HOST'] = (string) parse_url(getenv('WP_URL'), PHP_URL_HOST);
$_SERVER['REQUEST_METHOD'] = 'GET';
require "$directory/wp-load.php";

global $wpdb;
$names = $wpdb->get_col("SELECT option_name FROM $wpdb->options WHERE option_name LIKE '\\_transient\\_procedure\\_kb\\_%'");
foreach ($names as $name) {
    $key = substr($name, strlen('_transient_'));
    $copy = get_transient($key);
    if ($change === 'remove') {
        delete_transient($key);
    } elseif (is_array($copy)) {
        set_transient($key, array_merge($copy, ['time' => $copy['time'] - 2 * HOUR_IN_SECONDS]), DAY_IN_SECONDS);
    }
}
echo count($names) . " copies\n";
