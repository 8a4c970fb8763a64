//! The page's colours for canvases, which do not know the style sheet's variables.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{CssStyleDeclaration, Element, MutationObserver, MutationObserverInit};

use crate::api::float::parse_float;
use crate::platform::page;
use crate::view::picture::Palette;
use crate::view::scene::SLOTS;

/// The colours of the theme that is on, as the style sheet has them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Colors {
    theme: String,
    pub background: String,
    pub panel: String,
    pub text: String,
    pub dim: String,
    pub line: String,
    pub edge: String,
    pub accent: String,
    pub warn: String,
    pub bad: String,
    pub create: String,
    pub delete: String,
    pub update: String,
    /// Of the DaemonSets' current pods and of their old ones.
    pub slots: Vec<(String, String)>,
}

impl Colors {
    /// Reads them anew if the theme has changed. Whether it had.
    pub fn refresh(&mut self) -> bool {
        let Some(root) = page::document().and_then(|document| document.document_element()) else { return false };
        let theme = root.get_attribute("data-theme").unwrap_or_default();
        if !self.slots.is_empty() && theme == self.theme {
            return false;
        }
        *self = Colors::read(theme, &root).unwrap_or_default();
        true
    }

    /// What pictures that stand alone are drawn in.
    pub fn palette(&self) -> Palette {
        Palette {
            background: self.panel.clone(),
            text: self.text.clone(),
            dim: self.dim.clone(),
            line: self.edge.clone(),
            accent: self.accent.clone(),
            create: self.create.clone(),
            delete: self.delete.clone(),
            update: self.update.clone(),
        }
    }

    fn read(theme: String, root: &Element) -> Option<Colors> {
        let style: CssStyleDeclaration = web_sys::window()?.get_computed_style(root).ok()??;
        let get = |name: &str| style.get_property_value(name).unwrap_or_default().trim().to_owned();
        let background = get("--bg");
        let old = parse_float(get("--old").trim_end_matches('%')).unwrap_or(40.0) / 100.0;
        let slots = (0..SLOTS)
            .map(|slot| {
                let color = get(&["--ds", &slot.to_string()].concat());
                let old = mix(&color, &background, old).unwrap_or_else(|| color.clone());
                (color, old)
            })
            .collect();
        Some(Colors {
            theme,
            panel: get("--panel"),
            text: get("--text"),
            dim: get("--dim"),
            line: get("--line"),
            edge: get("--edge"),
            accent: get("--accent"),
            warn: get("--warn"),
            bad: get("--bad"),
            create: get("--create"),
            delete: get("--delete"),
            update: get("--update"),
            slots,
            background,
        })
    }
}

/// Calls when the theme changes.
pub struct ThemeWatch {
    observer: MutationObserver,
    _closure: Closure<dyn FnMut()>,
}

impl ThemeWatch {
    pub fn start(changed: impl Fn() + 'static) -> Option<ThemeWatch> {
        let root = page::document()?.document_element()?;
        let closure = Closure::<dyn FnMut()>::new(changed);
        let observer = MutationObserver::new(closure.as_ref().unchecked_ref()).ok()?;
        let options = MutationObserverInit::new();
        options.set_attributes(true);
        observer.observe_with_options(&root, &options).ok()?;
        Some(ThemeWatch { observer, _closure: closure })
    }
}

impl Drop for ThemeWatch {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// A part of one colour in another; both as `#rgb` or `#rrggbb`.
fn mix(color: &str, ground: &str, part: f64) -> Option<String> {
    let (color, ground) = (channels(color)?, channels(ground)?);
    let mut mixed = String::from("#");
    for (a, b) in color.into_iter().zip(ground) {
        let value = (f64::from(a) * part + f64::from(b) * (1.0 - part)).round() as u8;
        for digit in [value >> 4, value & 15] {
            mixed.push(char::from_digit(u32::from(digit), 16)?);
        }
    }
    Some(mixed)
}

fn channels(color: &str) -> Option<[u8; 3]> {
    let digits = color.strip_prefix('#')?;
    let value = u32::from_str_radix(digits, 16).ok()?;
    match digits.len() {
        3 => Some([value >> 8, value >> 4 & 15, value & 15].map(|digit| (digit * 17) as u8)),
        6 => Some([value >> 16, value >> 8 & 255, value & 255].map(|byte| byte as u8)),
        _ => None,
    }
}
