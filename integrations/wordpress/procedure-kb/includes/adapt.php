<?php

/**
 * Changes to a cleaned card, so that it is part of a page of the clinic. Nothing is taken away.
 */

namespace ProcedureKB;

/**
 * Adapts a card to its page.
 *
 * @param array<string, string> $clinic Settings, with what the block says instead.
 */
function adapt_card(string $html, int $heading_level, array $clinic): string
{
    $html = shift_headings($html, $heading_level);
    $html = rename_ids($html, wp_unique_id('kb-') . '-');
    $html = link_records($html, $clinic);
    $html = resolve_urls($html, $clinic['server']);
    return add_actions($html, $clinic);
}

/** Gives the first heading of a card, a `h1` in its frame, another level, and the others with it. */
function shift_headings(string $html, int $level): string
{
    return (string) preg_replace_callback(
        '~(</?h)([1-6])\b~',
        static fn (array $match): string => $match[1] . min((int) $match[2] + $level - 1, 6),
        $html
    );
}

/** Gives ids, and what refers to them, a prefix of their own: several cards may be on a page. */
function rename_ids(string $html, string $prefix): string
{
    return (string) preg_replace_callback(
        '~ (id|for|aria-labelledby|href)="(#?kb-[^"]*)"~',
        static fn (array $match): string => " $match[1]=\"" . preg_replace('~\bkb-~', $prefix, $match[2]) . '"',
        $html
    );
}

/**
 * Leads the names of records to the pages of the clinic, where it has one, and marks procedures that it does not offer.
 *
 * @param array<string, string> $clinic
 */
function link_records(string $html, array $clinic): string
{
    $offered = split_slugs($clinic['offered']);
    $mark = ' <span class="note">' . esc_html__('(not offered at this clinic)', 'procedure-kb') . '</span>';
    $html = (string) preg_replace_callback(
        '~<a ([^>]*) data-record="([a-z_]+)/([a-z0-9-]+)"([^>]*)>(.*?)</a>~s',
        static function (array $match) use ($offered, $clinic, $mark): string {
            [, $before, $type, $slug, $after, $text] = $match;
            $is_missing = $type === 'procedure' && $offered && !in_array($slug, $offered, true);
            $url = $is_missing ? '' : build_own_url($clinic['link_template'], $type, $slug);
            $attributes = $before . $after;
            if ($url !== '') {
                $attributes = preg_replace('~ ?\b(href|target)="[^"]*"~', '', $attributes) . ' href="' . esc_url($url) . '"';
            }
            return "<a $attributes>$text</a>" . ($is_missing ? $mark : '');
        },
        $html
    );
    // A server with the edition of a clinic has marked it already.
    return str_replace($mark . $mark, $mark, $html);
}

/** Builds the URL of the clinic's page on a record; empty without one. */
function build_own_url(string $template, string $type, string $slug): string
{
    if ($type !== 'procedure' && strpos($template, '{type}') === false) {
        return '';
    }
    return str_replace(['{type}', '{slug}'], [str_replace('_', '-', $type) . 's', $slug], $template);
}

/** Makes paths URLs of the server, as a server without a public URL writes paths. The search opens the page of the server. */
function resolve_urls(string $html, string $server): string
{
    $origin = (string) preg_replace('~^(https?://[^/]+).*$~', '$1', $server);
    $html = (string) preg_replace('~ href="/~', ' href="' . esc_url($origin) . '/', $html);
    return (string) preg_replace('~ action="[^"]*"~', ' action="' . esc_url("$server/search") . '" target="_blank"', $html);
}

/**
 * Adds the telephone number and the booking page of the clinic before the link to the whole page.
 *
 * @param array<string, string> $clinic
 */
function add_actions(string $html, array $clinic): string
{
    $actions = '';
    if ($clinic['phone'] !== '') {
        /* translators: %s: telephone number */
        $text = sprintf(__('Call the clinic: %s', 'procedure-kb'), $clinic['phone']);
        // Instead of the number that the server states for its clinic.
        $html = (string) preg_replace('~<li><a href="tel:[^"]*">[^<]*</a></li>~', '', $html);
        $number = preg_replace('/[^+0-9]/', '', $clinic['phone']);
        $actions .= '<li><a href="' . esc_url("tel:$number", ['tel']) . '">' . esc_html($text) . '</a></li>';
    }
    if (preg_match('~^https?://~i', $clinic['booking_url'])) {
        $html = (string) preg_replace('~<li><a [^>]*>Book an appointment</a></li>~', '', $html);
        $url = esc_url($clinic['booking_url'], ['http', 'https']);
        $actions .= '<li><a href="' . $url . '">' . esc_html__('Book an appointment', 'procedure-kb') . '</a></li>';
    }
    return str_replace('<ul class="actions">', '<ul class="actions">' . $actions, $html);
}
