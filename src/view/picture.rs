//! An explanation chain as a picture: SVG that stands alone, in the colours of the page.

use super::Tone;
use super::inspect::Link;

/// The page's colours, as the style sheet has them.
#[derive(Clone, Debug, Default)]
pub struct Palette {
    pub background: String,
    pub text: String,
    pub dim: String,
    pub line: String,
    pub accent: String,
    pub create: String,
    pub delete: String,
    pub update: String,
}

const WIDTH: usize = 640;
const MARGIN: usize = 24;
/// Where the marks and the texts stand.
const MARKS: usize = 132;
const TEXTS: usize = 154;
/// Characters of a line of text, at the widths of the two sizes.
const TITLE_CHARS: usize = 62;
const DETAIL_CHARS: usize = 76;
const TITLE_LINE: usize = 19;
const DETAIL_LINE: usize = 16;
const BETWEEN: usize = 16;

/// The picture and its size.
pub fn svg(title: &str, links: &[Link], palette: &Palette) -> (String, (f64, f64)) {
    let mut body = String::new();
    let mut y = MARGIN + 34;
    text(&mut body, MARGIN, MARGIN + 14, "t", title, &palette.text);
    for (index, link) in links.iter().enumerate() {
        if link.seq.is_some() {
            text(&mut body, MARGIN, y + 13, "m", &link.clock, &palette.dim);
        }
        let top = y;
        let color = match link.tone {
            Tone::You => &palette.accent,
            Tone::Create => &palette.create,
            Tone::Delete => &palette.delete,
            Tone::Update => &palette.update,
            Tone::Plain => &palette.dim,
        };
        for line in wrapped(&link.title.replace('`', ""), TITLE_CHARS) {
            text(&mut body, TEXTS, y + 13, if link.here { "b" } else { "n" }, line, &palette.text);
            y += TITLE_LINE;
        }
        for line in wrapped(&link.detail, DETAIL_CHARS) {
            text(&mut body, TEXTS, y + 11, "d", line, &palette.dim);
            y += DETAIL_LINE;
        }
        if !link.function.is_empty() {
            text(&mut body, TEXTS, y + 11, "m", link.function, &palette.dim);
            y += DETAIL_LINE;
        }
        y += BETWEEN;
        if index + 1 < links.len() {
            let (x, from, to) = (MARKS.to_string(), (top + 18).to_string(), (y - 2).to_string());
            let stroke = ["\" stroke=\"", &palette.line, "\"/>"].concat();
            body.extend(["<path d=\"M", &x, " ", &from, "V", &to, &stroke]);
        }
        mark(&mut body, link.tone, top + 9, color);
    }
    document(title, &body, WIDTH, y + MARGIN - BETWEEN, palette)
}

/// A whole picture around its body: `t`, `b`, `n`, `d`, `m` and `l` are the classes of its texts. Gives its size too.
pub fn document(title: &str, body: &str, width: usize, height: usize, palette: &Palette) -> (String, (f64, f64)) {
    let (w, h) = (width.to_string(), height.to_string());
    let svg = [
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"",
        &w,
        "\" height=\"",
        &h,
        "\" viewBox=\"0 0 ",
        &w,
        " ",
        &h,
        "\"><title>",
        &escaped(title),
        "</title><style>text{font:13px system-ui,sans-serif}.t{font-size:15px;font-weight:600}.b{font-weight:600}\
         .d{font-size:11.5px}.m{font:11px ui-monospace,Menlo,Consolas,monospace}.l{font-size:10px;font-weight:700}\
         </style><rect width=\"100%\" height=\"100%\" rx=\"12\" fill=\"",
        &palette.background,
        "\"/>",
        body,
        "</svg>\n",
    ];
    (svg.concat(), (width as f64, height as f64))
}

/// The mark of a link: its shape tells the tone as well as its colour.
fn mark(body: &mut String, tone: Tone, y: usize, color: &str) {
    let shape = match tone {
        Tone::You => "-5-5h10v10h-10z",
        Tone::Create => "0-6l6 11h-12z",
        Tone::Delete => "0 6l6-11h-12z",
        Tone::Update => "0-6l6 6-6 6-6-6z",
        Tone::Plain => "-4 0a4 4 0 108 0 4 4 0 10-8 0z",
    };
    let (x, y) = (MARKS.to_string(), y.to_string());
    body.extend(["<path transform=\"translate(", &x, " ", &y, ")\" d=\"m", shape, "\" fill=\"", color, "\"/>"]);
}

fn text(body: &mut String, x: usize, y: usize, class: &str, text: &str, color: &str) {
    let (x, y) = (x.to_string(), y.to_string());
    let text = escaped(text);
    body.extend(["<text class=\"", class, "\" x=\"", &x, "\" y=\"", &y, "\" fill=\"", color, "\">", &text, "</text>"]);
}

pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A text in lines of at most so many characters, broken at spaces where there are some.
fn wrapped(text: &str, most: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text.trim();
    while rest.chars().count() > most {
        let end = rest.char_indices().nth(most).map_or(rest.len(), |(at, _)| at);
        let head = rest.get(..end).unwrap_or_default();
        let cut = head.rfind(' ').filter(|at| *at > 0).unwrap_or(end);
        lines.push(rest.get(..cut).unwrap_or_default());
        rest = rest.get(cut..).unwrap_or_default().trim_start();
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

/// A file name for a picture: `why-was-nginx-x7k2p-created.svg`.
pub fn file_name(title: &str, ending: &str) -> String {
    let word = |it: char| if it.is_ascii_alphanumeric() { it.to_ascii_lowercase() } else { '-' };
    let name: String = title.chars().map(word).collect();
    let name: Vec<&str> = name.split('-').filter(|part| !part.is_empty()).collect();
    [&name.join("-"), ".", ending].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::words;

    #[test]
    fn lines_break_at_spaces_and_long_words_anywhere() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("ääääää b", 4), ["ääää", "ää b"]);
        assert_eq!(wrapped("", 4), Vec::<&str>::new());
        assert_eq!(file_name("Why was nginx-x7k2p created?", "svg"), "why-was-nginx-x7k2p-created.svg");
    }

    #[test]
    fn a_picture_holds_every_link_and_escapes_what_it_is_given() {
        let link = |tone, title: &str| Link {
            seq: Some(1),
            clock: words::clock(1_000_000),
            tone,
            title: title.to_owned(),
            detail: "image: a → image: <b>".to_owned(),
            function: "rollingUpdate",
            here: false,
        };
        let links = [link(Tone::You, "You applied `x` & y"), link(Tone::Delete, "The controller deleted it")];
        let (svg, (width, height)) = svg("Why?", &links, &Palette::default());
        for part in ["You applied x &amp; y", "&lt;b&gt;", "The controller deleted it", "00:01.000", "rollingUpdate"] {
            assert!(svg.contains(part), "{part} in {svg}");
        }
        assert!(width > 0.0 && height > 100.0);
        assert!(!svg.contains("<b>"));
    }
}
