//! The few icons, drawn in the text's colour.

use yew::prelude::*;

pub fn icon(path: &'static str) -> Html {
    html! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path d={path} /></svg>
    }
}

pub const PLAY: &str = "M4 2.5v11l9-5.5z";
pub const PAUSE: &str = "M4 3h3v10H4zM9 3h3v10H9z";
pub const BACK: &str = "M12 2.5v11L3 8z";
pub const STEP_BACK: &str = "M13 2.5v11L6 8zM3 3h2v10H3z";
pub const STEP: &str = "M3 2.5v11l7-5.5zM11 3h2v10h-2z";
pub const START: &str = "M14 3v10L8.5 8zM8.5 3v10L3 8zM1.5 3H3v10H1.5z";
/// Step lines.
pub const LINES: &str = "M1.5 2H3v10.5h11.5V14h-13zM4.5 9.5V8H7V4.5h4.5V7h3v1.5H10V6H8.5v3.5z";
pub const EARLIER: &str = "M10.5 2.5l1.5 1.3L7.8 8l4.2 4.2-1.5 1.3L5 8z";
pub const LATER: &str = "M5.5 2.5L11 8l-5.5 5.5L4 12.2 8.2 8 4 3.8z";
pub const MORE: &str = "M3 6.6a1.4 1.4 0 100 2.8 1.4 1.4 0 000-2.8zm5 0a1.4 1.4 0 100 2.8 1.4 1.4 0 000-2.8zm5 0a1.4 1.4 0 100 2.8 1.4 1.4 0 000-2.8z";
pub const DOWN: &str = "M3.5 5.5L8 10l4.5-4.5 1 1L8 12 2.5 6.5z";
pub const PLUS: &str = "M7 2.5h2V7h4.5v2H9v4.5H7V9H2.5V7H7z";
pub const CLOSE: &str = "M3.6 2.4L8 6.8l4.4-4.4 1.2 1.2L9.2 8l4.4 4.4-1.2 1.2L8 9.2l-4.4 4.4-1.2-1.2L6.8 8 2.4 3.6z";
pub const HALF: &str = "M8 1.5a6.5 6.5 0 100 13 6.5 6.5 0 000-13zm0 1.6v9.8a4.9 4.9 0 010-9.8z";
pub const SUN: &str = "M8 4.8a3.2 3.2 0 100 6.4 3.2 3.2 0 000-6.4zM7.2 1h1.6v2.4H7.2zm0 11.6h1.6V15H7.2zM1 7.2h2.4v1.6H1zm11.6 0H15v1.6h-2.4zM2.5 3.6l1.1-1.1 1.7 1.7-1.1 1.1zm8.2 8.2l1.1-1.1 1.7 1.7-1.1 1.1zM3.6 13.5l-1.1-1.1 1.7-1.7 1.1 1.1zm8.2-8.2l-1.1-1.1 1.7-1.7 1.1 1.1z";
pub const MOON: &str = "M6.2 1.8a6.4 6.4 0 108 8A5.3 5.3 0 016.2 1.8z";
pub const COPY: &str = "M5 1.5h8.5V11H12V3H5zM2.5 4.5H11v10H2.5zM4 6v7h5.5V6z";
pub const BIN: &str = "M6 1.5h4l.6 1.3H14v1.5H2V2.8h3.4zM3.2 5.5h9.6l-.8 9H4zm3 1.8v5.4h1.2V7.3zm2.4 0v5.4h1.2V7.3z";
