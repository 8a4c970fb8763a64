//! The code editor's JavaScript (`static/editor.js`), fetched after the first paint.

use js_sys::{Array, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::Element;

use super::frame::pause;

#[wasm_bindgen]
extern "C" {
    // Of static/boot.js, which knows the file's name.
    #[wasm_bindgen(js_name = loadEditor, catch)]
    fn load_editor() -> Result<Promise, JsValue>;

    type Module;
    #[wasm_bindgen(method, js_name = createEditor, catch)]
    fn create_editor(this: &Module, parent: &Element, options: &JsValue) -> Result<Handle, JsValue>;

    type Handle;
    #[wasm_bindgen(method, js_name = setText, catch)]
    fn set_text(this: &Handle, text: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(method, js_name = setFindings, catch)]
    fn set_findings(this: &Handle, findings: &Array) -> Result<(), JsValue>;
    #[wasm_bindgen(method, js_name = goTo, catch)]
    fn go_to(this: &Handle, line: u32, column: u32) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn destroy(this: &Handle) -> Result<(), JsValue>;
}

/// A mark in the text; lines and columns count from 1.
pub struct EditorMark {
    pub from: (u32, u32),
    pub to: (u32, u32),
    pub severity: &'static str,
    pub message: String,
}

/// The running editor; dropping it removes it from the page.
pub struct CodeEditor {
    handle: Handle,
    _on_change: Closure<dyn FnMut(String)>,
}

impl CodeEditor {
    /// Fetches the editor and puts it into `parent`; `None` if that failed, and nothing has changed then.
    pub async fn open(
        parent: &Element,
        label: &str,
        text: impl FnOnce() -> String,
        on_change: impl FnMut(String) + 'static,
    ) -> Option<CodeEditor> {
        let module: Module = JsFuture::from(load_editor().ok()?).await.ok()?.unchecked_into();
        // To run the module has taken a while already.
        pause().await;
        let on_change = Closure::<dyn FnMut(String)>::new(on_change);
        let options = Object::new();
        // What was typed into the textarea while the editor was on its way comes along.
        set(&options, "doc", &text().into());
        set(&options, "label", &label.into());
        set(&options, "onChange", on_change.as_ref());
        let handle = module.create_editor(parent, &options).ok()?;
        // Says to those who look that the scrolling part can be reached by keyboard; it can, being editable.
        if let Ok(Some(content)) = parent.query_selector(".cm-content") {
            let _ = content.set_attribute("tabindex", "0");
        }
        Some(CodeEditor { handle, _on_change: on_change })
    }

    pub fn set_text(&self, text: &str) {
        let _ = self.handle.set_text(text);
    }

    pub fn go_to(&self, line: u32, column: u32) {
        let _ = self.handle.go_to(line, column);
    }

    pub fn set_marks(&self, marks: &[EditorMark]) {
        let list = Array::new();
        for mark in marks {
            let item = Object::new();
            set(&item, "from", &position(mark.from));
            set(&item, "to", &position(mark.to));
            set(&item, "severity", &mark.severity.into());
            set(&item, "message", &mark.message.as_str().into());
            list.push(&item);
        }
        let _ = self.handle.set_findings(&list);
    }
}

impl Drop for CodeEditor {
    fn drop(&mut self) {
        let _ = self.handle.destroy();
    }
}

fn position((line, column): (u32, u32)) -> JsValue {
    let at = Object::new();
    set(&at, "line", &line.into());
    set(&at, "column", &column.into());
    at.into()
}

fn set(object: &Object, key: &str, value: &JsValue) {
    let _ = Reflect::set(object, &key.into(), value);
}
