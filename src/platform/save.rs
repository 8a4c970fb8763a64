//! Files for the reader to keep: texts, and pictures made of SVG.

use js_sys::Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Blob, BlobPropertyBag, CanvasRenderingContext2d, Element, HtmlAnchorElement, HtmlCanvasElement, HtmlImageElement,
    Url,
};

use super::page::document;

pub const SVG: &str = "image/svg+xml";
pub const TEXT: &str = "text/plain";

/// Pixels of a PNG for each unit of its SVG.
const SHARPNESS: f64 = 2.0;

/// Offers a text as a file. False if the browser does not allow it.
pub fn text(name: &str, kind: &str, text: &str) -> bool {
    blob(kind, text).and_then(|blob| offer(name, &blob)).is_some()
}

/// A text that is put together from parts and then offered as a file.
#[derive(Default)]
pub struct Parts(Array);

impl Parts {
    pub fn push(&self, part: &str) {
        self.0.push(&JsValue::from_str(part));
    }

    /// False if the browser does not allow it.
    pub fn offer(&self, name: &str, kind: &str) -> bool {
        blob_of(kind, &self.0).and_then(|blob| offer(name, &blob)).is_some()
    }
}

/// Offers an SVG picture, whose size is given, as a PNG file; tells whether that worked.
pub fn png(name: &str, svg: &str, size: (f64, f64), then: impl FnOnce(bool) + 'static) {
    let (name, url) = (name.to_owned(), blob(SVG, svg).and_then(|blob| Url::create_object_url_with_blob(&blob).ok()));
    spawn_local(async move {
        let drawn = match &url {
            Some(url) => draw(url, size).await,
            None => None,
        };
        if let Some(url) = url {
            let _ = Url::revoke_object_url(&url);
        }
        let Some(canvas) = drawn else { return then(false) };
        let taken = Closure::once_into_js(move |blob: Option<Blob>| {
            then(blob.and_then(|blob| offer(&name, &blob)).is_some());
        });
        let _ = canvas.to_blob(taken.unchecked_ref());
    });
}

/// The picture at an address, drawn.
async fn draw(url: &str, (width, height): (f64, f64)) -> Option<HtmlCanvasElement> {
    let image = HtmlImageElement::new().ok()?;
    image.set_src(url);
    JsFuture::from(image.decode()).await.ok()?;
    let canvas: HtmlCanvasElement = document()?.create_element("canvas").ok()?.dyn_into().ok()?;
    let (width, height) = (width * SHARPNESS, height * SHARPNESS);
    canvas.set_width(width.ceil() as u32);
    canvas.set_height(height.ceil() as u32);
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.dyn_into().ok()?;
    context.draw_image_with_html_image_element_and_dw_and_dh(&image, 0.0, 0.0, width, height).ok()?;
    Some(canvas)
}

/// An SVG element of the page as a picture that stands alone, and its size: the colours and fonts that the style sheet
/// gives it are written into it.
pub fn standalone(svg: &Element) -> Option<(String, (f64, f64))> {
    const STYLES: [&str; 10] = [
        "fill",
        "stroke",
        "stroke-width",
        "stroke-dasharray",
        "stroke-linejoin",
        "opacity",
        "font-size",
        "font-family",
        "font-weight",
        "text-anchor",
    ];
    let window = web_sys::window()?;
    let copy: Element = svg.clone_node_with_deep(true).ok()?.dyn_into().ok()?;
    let (from, to) = (svg.query_selector_all("*").ok()?, copy.query_selector_all("*").ok()?);
    for index in 0..from.length() {
        let (Some(from), Some(to)) = (from.item(index), to.item(index)) else { break };
        let (Ok(from), Ok(to)) = (from.dyn_into::<Element>(), to.dyn_into::<Element>()) else { continue };
        let Ok(Some(style)) = window.get_computed_style(&from) else { continue };
        for name in STYLES {
            if let Ok(value) = style.get_property_value(name) {
                let _ = to.set_attribute(name, &value);
            }
        }
        let _ = to.remove_attribute("class");
    }
    let size = svg.get_bounding_client_rect();
    let _ = copy.remove_attribute("class");
    let _ = copy.set_attribute("xmlns", "http://www.w3.org/2000/svg");
    let ground = document()?.create_element_ns(Some("http://www.w3.org/2000/svg"), "rect").ok()?;
    let body = document()?.body()?;
    let color = window.get_computed_style(&body).ok()??.get_property_value("background-color").ok()?;
    for (name, value) in [("width", "100%"), ("height", "100%"), ("fill", &color)] {
        let _ = ground.set_attribute(name, value);
    }
    let _ = copy.insert_before(&ground, copy.first_child().as_ref());
    Some((copy.outer_html(), (size.width(), size.height())))
}

fn blob(kind: &str, text: &str) -> Option<Blob> {
    blob_of(kind, &Array::of1(&JsValue::from_str(text)))
}

fn blob_of(kind: &str, parts: &Array) -> Option<Blob> {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    Blob::new_with_str_sequence_and_options(parts, &options).ok()
}

fn offer(name: &str, blob: &Blob) -> Option<()> {
    let url = Url::create_object_url_with_blob(blob).ok()?;
    let link: HtmlAnchorElement = document()?.create_element("a").ok()?.dyn_into().ok()?;
    link.set_href(&url);
    link.set_download(name);
    link.click();
    let _ = Url::revoke_object_url(&url);
    Some(())
}
