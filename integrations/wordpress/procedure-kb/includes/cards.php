<?php

/**
 * Cards: the HTML of the frame pages of the knowledge base, fetched by this server, cleaned and kept.
 *
 * Visitors load nothing from the knowledge base. While it is away they see the copy of the last time.
 */

namespace ProcedureKB;

// A copy is shown without asking for a newer one for an hour, and at most 30 days while the server is away.
const FRESH_SECONDS = HOUR_IN_SECONDS;
const KEPT_SECONDS = 30 * DAY_IN_SECONDS;
// After a failure nobody waits for the server for a minute; an unknown name is asked for again after five.
const AWAY_SECONDS = MINUTE_IN_SECONDS;
const UNKNOWN_SECONDS = 5 * MINUTE_IN_SECONDS;
const TIMEOUT_SECONDS = 4;
const MAX_BYTES = 2 * MB_IN_BYTES;

/**
 * Gets the card at a path of the server.
 *
 * @return array{status: string, html: string, time: int} The status is `fresh`, `stale` (a copy from `time`),
 *     `unknown` (the server does not have it, or has it no longer) or `away` (and there is no copy).
 */
function get_card(string $path): array
{
    $url = get_settings()['server'] . $path;
    $key = 'procedure_kb_' . md5(PROCEDURE_KB_VERSION . $url);
    $copy = get_transient($key);
    $copy = is_array($copy) ? $copy : ['status' => 'away', 'html' => '', 'time' => 0];
    if ($copy['status'] === 'unknown' || time() - $copy['time'] < FRESH_SECONDS) {
        return $copy;
    }
    $stale = array_merge($copy, ['status' => $copy['html'] === '' ? 'away' : 'stale']);
    $away_key = 'procedure_kb_away_' . md5(get_settings()['server']);
    if (get_transient($away_key)) {
        return $stale;
    }
    $card = fetch_card($url);
    if ($card['status'] === 'away') {
        set_transient($away_key, 1, AWAY_SECONDS);
        return $stale;
    }
    // A record that was withdrawn replaces its copy: nobody sees that any longer.
    set_transient($key, $card, $card['status'] === 'unknown' ? UNKNOWN_SECONDS : KEPT_SECONDS);
    return $card;
}

/**
 * Fetches a frame page and cleans its card.
 *
 * @return array{status: string, html: string, time: int}
 */
function fetch_card(string $url): array
{
    $arguments = ['timeout' => TIMEOUT_SECONDS, 'redirection' => 2, 'limit_response_size' => MAX_BYTES];
    $response = wp_remote_get($url, $arguments);
    $status_code = (int) wp_remote_retrieve_response_code($response);
    $card = ['status' => 'away', 'html' => '', 'time' => time()];
    if (in_array($status_code, [404, 410, 422], true)) {
        return array_merge($card, ['status' => 'unknown']);
    }
    $body = wp_remote_retrieve_body($response);
    if ($status_code !== 200 || !preg_match('~<main class="root">(.*)</main>~s', $body, $match)) {
        return $card;
    }
    return array_merge($card, ['status' => 'fresh', 'html' => clean_html($match[1])]);
}

/** Keeps the elements and attributes that cards have; of a server that is not what it was, no script gets through. */
function clean_html(string $html): string
{
    return wp_kses($html, get_allowed_html(), ['http', 'https', 'tel']);
}

/**
 * Lists the elements that cards have, each with its attributes.
 *
 * @return array<string, array<string, bool>>
 */
function get_allowed_html(): array
{
    $attributes_by_element = [
        'a' => 'href target rel data-record',
        'form' => 'action method',
        'input' => 'name type maxlength required autocomplete value',
        'label' => 'for',
        'section' => 'tabindex',
        'div' => 'tabindex',
        'th' => 'scope',
        'td' => 'data-head',
        'svg' => 'height',
        'line' => 'x1 x2 y1 y2',
        'circle' => 'cx cy r',
        'text' => 'x y text-anchor',
    ];
    $elements = 'a button caption circle dd desc details div dl dt figcaption figure form h1 h2 h3 input label li line '
        . 'p section span strong summary svg table tbody td text th thead title tr ul';
    $allowed = [];
    foreach (explode(' ', $elements) as $element) {
        $names = 'class id role aria-label aria-labelledby ' . ($attributes_by_element[$element] ?? '');
        $allowed[$element] = array_fill_keys(explode(' ', trim($names)), true);
    }
    return $allowed;
}
