<?php

// Installs WordPress, activates the plugin, sets its server (second argument) and adds an Author: `php install.php DIRECTORY SERVER`.

[, $directory, $server] = $argv;
$_SERVER['HTTP_HOST'] = (string) parse_url(getenv('WP_URL'), PHP_URL_HOST);
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
$_SERVER['REQUEST_METHOD'] = 'GET';
define('WP_INSTALLING', true);
require "$directory/wp-load.php";
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';

// No mail is sent.
add_filter('pre_wp_mail', '__return_true');
wp_install('Clinic', 'admin', 'admin@clinic.example', true, '', 'admin-password');
$failure = activate_plugin('procedure-kb/procedure-kb.php');
if (is_wp_error($failure)) {
    fwrite(STDERR, $failure->get_error_message());
    exit(1);
}
update_option('procedure_kb', [
    'server' => $server,
    'phone' => '+1 555 0100',
    'link_template' => 'https://clinic.example/treatments/{slug}',
]);
$author = wp_insert_user(['user_login' => 'author', 'user_pass' => 'author-password', 'role' => 'author', 'user_email' => 'a@clinic.example']);
// The welcome guide would cover the editor.
update_user_meta($author, 'wp_persisted_preferences', ['core/edit-post' => ['welcomeGuide' => false, 'fullscreenMode' => false]]);
echo "installed\n";
