//! Requests that are drawn.

use quorate_conformance::random::Random;

/// One of the lines, with one of the alternatives `‹a|b|c›` wherever there are some. They may have
/// alternatives within.
pub(crate) fn draw(lines: &[&str], random: &mut Random) -> String {
    let line = *random.pick(lines);
    let mut drawn = String::new();
    choose(line, random, &mut drawn);
    drawn
}

fn choose(text: &str, random: &mut Random, drawn: &mut String) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('‹') {
        drawn.push_str(before);
        let (alternatives, behind) = alternatives(after);
        let chosen = *random.pick(&alternatives);
        choose(chosen, random, drawn);
        rest = behind;
    }
    drawn.push_str(rest);
}

/// What stands between here and the `›` that belongs to it, and what follows.
fn alternatives(text: &str) -> (Vec<&str>, &str) {
    let (mut depth, mut begin, mut found) = (0_usize, 0, Vec::new());
    for (at, char) in text.char_indices() {
        match char {
            '‹' => depth += 1,
            '|' if depth == 0 => {
                found.push(&text[begin..at]);
                begin = at + 1;
            }
            '›' if depth == 0 => {
                found.push(&text[begin..at]);
                return (found, &text[at + char.len_utf8()..]);
            }
            '›' => depth -= 1,
            _ => {}
        }
    }
    panic!("‹ without ›: {text}")
}
