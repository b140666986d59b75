<?php

/**
 * Settings: the server, and what the clinic adds to every block. They are one option, and only administrators change them.
 */

namespace ProcedureKB;

const OPTION = 'procedure_kb';

/**
 * Gets the settings, each with a value. The URL of the server has no slash at its end.
 *
 * @return array<string, string>
 */
function get_settings(): array
{
    $stored = get_option(OPTION, []);
    $settings = array_fill_keys(array_keys(get_settings_fields()), '');
    return array_merge($settings, is_array($stored) ? array_intersect_key($stored, $settings) : []);
}

/**
 * Lists the fields of the settings page, each with label, type of its input and description.
 *
 * @return array<string, array{string, string, string}>
 */
function get_settings_fields(): array
{
    return [
        'server' => [
            __('Server', 'procedure-kb'),
            'url',
            __('URL of the knowledge base, for example https://kb.example.org', 'procedure-kb'),
        ],
        'phone' => [
            __('Telephone', 'procedure-kb'),
            'text',
            __('Shown below "When to call" in every block.', 'procedure-kb'),
        ],
        'booking_url' => [
            __('Booking page', 'procedure-kb'),
            'url',
            __('URL of the page where people book an appointment.', 'procedure-kb'),
        ],
        'offered' => [
            __('Procedures that you offer', 'procedure-kb'),
            'text',
            __('Slugs, separated by spaces. The others stay in the lists, marked "not offered at this clinic". Empty: none is marked.', 'procedure-kb'),
        ],
        'link_template' => [
            __('Your own pages', 'procedure-kb'),
            'text',
            __('Where the names of procedures lead: https://clinic.example/treatments/{slug}. With {type} (procedures, conditions, ...) it is for every type. Empty: to the knowledge base.', 'procedure-kb'),
        ],
    ];
}

/** Registers the option, its section and its fields. */
function register_settings(): void
{
    register_setting(OPTION, OPTION, ['type' => 'array', 'sanitize_callback' => __NAMESPACE__ . '\\clean_settings']);
    add_settings_section('main', '', '__return_empty_string', OPTION);
    foreach (get_settings_fields() as $name => [$label, $type, $description]) {
        add_settings_field(
            $name,
            esc_html($label),
            static function () use ($name, $type, $description): void {
                render_settings_field($name, $type, $description);
            },
            OPTION,
            'main',
            ['label_for' => "procedure-kb-$name"]
        );
    }
}

/** Renders the input of one setting. */
function render_settings_field(string $name, string $type, string $description): void
{
    printf(
        '<input class="regular-text" type="%1$s" id="procedure-kb-%2$s" name="%3$s[%2$s]" value="%4$s" aria-describedby="procedure-kb-%2$s-about">'
        . '<p class="description" id="procedure-kb-%2$s-about">%5$s</p>',
        esc_attr($type),
        esc_attr($name),
        esc_attr(OPTION),
        esc_attr(get_settings()[$name]),
        esc_html($description)
    );
}

/**
 * Cleans what the settings form sends.
 *
 * @param mixed $input
 * @return array<string, string>
 */
function clean_settings($input): array
{
    $input = is_array($input) ? array_map('sanitize_text_field', array_filter($input, 'is_string')) : [];
    $template = $input['link_template'] ?? '';
    return [
        'server' => untrailingslashit(esc_url_raw($input['server'] ?? '', ['http', 'https'])),
        'phone' => $input['phone'] ?? '',
        'booking_url' => esc_url_raw($input['booking_url'] ?? '', ['http', 'https']),
        'offered' => implode(' ', split_slugs($input['offered'] ?? '')),
        'link_template' => preg_match('~^https?://~', $template) ? $template : '',
    ];
}

/**
 * Splits slugs separated by spaces or commas. Only letters, digits and hyphens stay.
 *
 * @return list<string>
 */
function split_slugs(string $text): array
{
    $words = preg_split('/[\s,]+/', $text, -1, PREG_SPLIT_NO_EMPTY);
    return array_values(array_unique(array_filter(array_map(__NAMESPACE__ . '\\clean_slug', $words ?: []))));
}

/** Turns a name or a slug into a slug; the server knows other names of a record by their slugs too. */
function clean_slug(string $text): string
{
    return (string) preg_replace('/[^a-z0-9-]/', '', sanitize_title($text));
}

/** Adds the settings page. */
function add_settings_page(): void
{
    $title = __('Procedure KB', 'procedure-kb');
    add_options_page($title, $title, 'manage_options', OPTION, __NAMESPACE__ . '\\render_settings_page');
}

/** Renders the settings page. */
function render_settings_page(): void
{
    echo '<div class="wrap"><h1>' . esc_html(get_admin_page_title()) . '</h1><form action="options.php" method="post">';
    settings_fields(OPTION);
    do_settings_sections(OPTION);
    submit_button();
    echo '</form></div>';
}
