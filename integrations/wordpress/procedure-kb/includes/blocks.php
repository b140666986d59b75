<?php

/**
 * Blocks and their shortcodes. Both have the same attributes, and both are rendered here.
 */

namespace ProcedureKB;

const VARIANTS = ['summary', 'card', 'full'];
const THEMES = ['light', 'dark', 'auto'];
// Attributes of every block; those that are settings too apply to one block only.
const SHARED_ATTRIBUTES = ['theme', 'phone', 'booking_url', 'offered'];

/**
 * Lists the blocks by name, each with title, description, icon, shortcode and its own attributes.
 *
 * @return array<string, array{title: string, description: string, icon: string, shortcode: string, attributes: list<string>}>
 */
function get_blocks(): array
{
    return [
        'procedure' => [
            'title' => __('Procedure', 'procedure-kb'),
            'description' => __('What a procedure is, what can go wrong, and when to call.', 'procedure-kb'),
            'icon' => 'clipboard',
            'shortcode' => 'kb_procedure',
            'attributes' => ['slug', 'variant', 'sections'],
        ],
        'options' => [
            'title' => __('Options for a condition', 'procedure-kb'),
            'description' => __('Care without a procedure, and the procedures that treat a condition.', 'procedure-kb'),
            'icon' => 'list-view',
            'shortcode' => 'kb_options',
            'attributes' => ['condition', 'variant'],
        ],
        'relief-chart' => [
            'title' => __('Relief chart', 'procedure-kb'),
            'description' => __('How long relief lasts, with the serious harms.', 'procedure-kb'),
            'icon' => 'chart-bar',
            'shortcode' => 'kb_relief_chart',
            'attributes' => ['procedures'],
        ],
        'search' => [
            'title' => __('Search', 'procedure-kb'),
            'description' => __('Search for procedures and conditions by what hurts.', 'procedure-kb'),
            'icon' => 'search',
            'shortcode' => 'kb_search',
            'attributes' => [],
        ],
    ];
}

/** Registers blocks, shortcodes, the style sheet and the script of the editor. */
function register_blocks(): void
{
    $packages = ['wp-block-editor', 'wp-blocks', 'wp-components', 'wp-element', 'wp-i18n', 'wp-server-side-render'];
    $editor_url = plugins_url('editor.js', PROCEDURE_KB_FILE);
    wp_register_script('procedure-kb-editor', $editor_url, $packages, PROCEDURE_KB_VERSION, true);
    $variables = 'const procedureKB = ' . wp_json_encode(['server' => get_settings()['server']]) . ';';
    wp_add_inline_script('procedure-kb-editor', $variables, 'before');
    wp_register_style('procedure-kb', plugins_url('style.css', PROCEDURE_KB_FILE), [], PROCEDURE_KB_VERSION);
    foreach (get_blocks() as $block => $definition) {
        register_block_type("procedure-kb/$block", [
            'api_version' => 2,
            'title' => $definition['title'],
            'description' => $definition['description'],
            'category' => 'widgets',
            'icon' => $definition['icon'],
            'keywords' => ['pain', 'clinic', 'procedure-kb'],
            'supports' => ['html' => false, 'customClassName' => false],
            'attributes' => list_attributes($definition['attributes']),
            'editor_script_handles' => ['procedure-kb-editor'],
            'style_handles' => ['procedure-kb'],
            'render_callback' => static fn (array $attributes): string => render_block($block, $attributes),
        ]);
        add_shortcode($definition['shortcode'], static function ($attributes) use ($block): string {
            wp_enqueue_style('procedure-kb');
            return render_block($block, is_array($attributes) ? $attributes : []);
        });
    }
}

/**
 * Lists the attributes of a block in the form of the block API: texts, and a heading level.
 *
 * @param list<string> $names
 * @return array<string, array{type: string, default: string|int}>
 */
function list_attributes(array $names): array
{
    $texts = array_fill_keys([...$names, ...SHARED_ATTRIBUTES], ['type' => 'string', 'default' => '']);
    return $texts + ['heading_level' => ['type' => 'integer', 'default' => 2]];
}

/**
 * Renders a block: the card, the copy of the last time, or a link.
 *
 * @param array<string, mixed> $attributes
 */
function render_block(string $block, array $attributes): string
{
    $attributes = array_map('strval', array_filter($attributes, 'is_scalar'));
    $clinic = get_settings();
    if ($clinic['server'] === '') {
        return render_message(__('Set the URL of the knowledge base under Settings, Procedure KB.', 'procedure-kb'));
    }
    foreach (['phone', 'booking_url', 'offered'] as $name) {
        $clinic[$name] = ($attributes[$name] ?? '') !== '' ? $attributes[$name] : $clinic[$name];
    }
    $slugs = split_slugs_for($block, $attributes);
    if (!$slugs && in_array($block, ['procedure', 'options'], true)) {
        return render_message(__('Choose what to show in the settings of the block.', 'procedure-kb'));
    }
    $card = get_card(build_frame_path($block, $slugs, $attributes));
    if ($card['html'] === '') {
        return render_link($block, $slugs, $clinic['server']) . ($card['status'] === 'unknown'
            ? render_message(__('The knowledge base does not know this name, or these sections.', 'procedure-kb'))
            : render_message(__('The knowledge base cannot be reached. Visitors see a link.', 'procedure-kb')));
    }
    $level = (int) ($attributes['heading_level'] ?? 2);
    $html = adapt_card($card['html'], $level >= 1 && $level <= 6 ? $level : 2, $clinic);
    $theme = in_array($attributes['theme'] ?? '', THEMES, true) ? ' data-theme="' . esc_attr($attributes['theme']) . '"' : '';
    return '<div class="wp-block-procedure-kb-' . esc_attr($block) . ' kb-embed"' . $theme . '>'
        . '<div class="root" lang="en">' . render_age($card) . $html . '</div></div>';
}

/**
 * Splits the slugs of the records that a block shows. A name may have spaces where a block has one record.
 *
 * @param array<string, string> $attributes
 * @return list<string>
 */
function split_slugs_for(string $block, array $attributes): array
{
    if ($block === 'relief-chart') {
        return array_slice(split_slugs($attributes['procedures'] ?? ''), 0, 12);
    }
    return array_values(array_filter([clean_slug($attributes[$block === 'procedure' ? 'slug' : 'condition'] ?? '')]));
}

/**
 * Builds the path of the frame page that has the card of a block.
 *
 * @param list<string> $slugs
 * @param array<string, string> $attributes
 */
function build_frame_path(string $block, array $slugs, array $attributes): string
{
    $variant = in_array($attributes['variant'] ?? '', VARIANTS, true) ? $attributes['variant'] : 'summary';
    $sections = preg_split('/[^a-z]+/', strtolower($attributes['sections'] ?? ''), -1, PREG_SPLIT_NO_EMPTY) ?: [];
    switch ($block) {
        case 'procedure':
            $query = $sections ? 'sections=' . implode(',', $sections) : "variant=$variant";
            return "/embed/procedures/$slugs[0]?$query";
        case 'options':
            return "/embed/conditions/$slugs[0]/options?variant=$variant";
        case 'relief-chart':
            return '/embed/relief-chart' . ($slugs ? '?procedure=' . implode('&procedure=', $slugs) : '');
        default:
            return '/embed/search';
    }
}

/**
 * Renders the link that stands for a card that is not there.
 *
 * @param list<string> $slugs
 */
function render_link(string $block, array $slugs, string $server): string
{
    $paths = ['procedure' => '/procedures/', 'options' => '/conditions/', 'relief-chart' => '/relief', 'search' => '/search'];
    $has_record = in_array($block, ['procedure', 'options'], true);
    $url = $server . $paths[$block] . ($has_record ? $slugs[0] : '');
    $name = $has_record ? ucfirst(str_replace('-', ' ', $slugs[0])) : get_blocks()[$block]['title'];
    /* translators: %s: name of a procedure, a condition or a page */
    $text = sprintf(__('%s, at procedure-kb', 'procedure-kb'), $name);
    return '<p class="kb-link"><a href="' . esc_url($url) . '">' . esc_html($text) . '</a></p>';
}

/** Renders a message to those who edit, in the preview of the editor; nobody else sees it. */
function render_message(string $text): string
{
    $is_preview = defined('REST_REQUEST') && REST_REQUEST && current_user_can('edit_posts');
    return $is_preview ? '<p class="kb-message"><em>' . esc_html($text) . '</em></p>' : '';
}

/**
 * Renders how old a copy is, where it is not fresh.
 *
 * @param array{status: string, html: string, time: int} $card
 */
function render_age(array $card): string
{
    if ($card['status'] !== 'stale') {
        return '';
    }
    /* translators: %s: date */
    $text = sprintf(__('Copy of %s: the knowledge base cannot be reached now.', 'procedure-kb'), wp_date(get_option('date_format'), $card['time']));
    return '<p class="stale">' . esc_html($text) . '</p>';
}
