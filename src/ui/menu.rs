//! The one menu that is open: under its button, worked by keyboard, and gone with Escape.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};
use yew::prelude::*;

use super::session::Desk;
use super::shared::Shared;
use super::state::{Action, Menu};
use crate::platform::page;
use crate::view::script;

#[derive(Properties, PartialEq)]
pub struct MenuProps {
    pub desk: Desk,
    pub menu: Shared<Menu>,
}

#[component]
pub fn MenuView(props: &MenuProps) -> Html {
    let list = use_node_ref();
    {
        let (list, menu) = (list.clone(), props.menu.clone());
        use_effect_with(props.menu.clone(), move |_| {
            if let Some(list) = list.cast::<HtmlElement>() {
                place(&list, &menu.anchor);
                focus_item(&list, |_, _| 0);
            }
            let _ = menu.anchor.set_attribute("aria-expanded", "true");
            let anchor = menu.anchor.clone();
            move || {
                let _ = anchor.remove_attribute("aria-expanded");
            }
        });
    }
    let close = {
        let (desk, menu) = (props.desk.clone(), props.menu.clone());
        move |refocus: bool| {
            desk.send(Action::CloseMenu);
            if refocus {
                let _ = menu.anchor.focus();
            }
        }
    };
    let onkeydown = {
        let (close, list) = (close.clone(), list.clone());
        Callback::from(move |event: KeyboardEvent| {
            let Some(list) = list.cast::<HtmlElement>() else { return };
            match event.key().as_str() {
                "Escape" => close(true),
                "Tab" => return close(true),
                "ArrowDown" => focus_item(&list, |now, count| now.map_or(0, |now| (now + 1) % count)),
                "ArrowUp" => focus_item(&list, |now, count| now.map_or(count - 1, |now| (now + count - 1) % count)),
                "Home" => focus_item(&list, |_, _| 0),
                "End" => focus_item(&list, |_, count| count - 1),
                _ => return,
            }
            event.prevent_default();
            event.stop_propagation();
        })
    };
    let items = props.menu.items.iter().map(|item| {
        let (close, desk, action) = (close.clone(), props.desk.clone(), item.action.clone());
        let onclick = Callback::from(move |_| {
            close(true);
            desk.send(action.clone());
        });
        // The command that the item stands for, so that people learn it; the style sheet shows it below the label.
        let command = match &item.action {
            Action::Run(command) => script::typed(command),
            _ => None,
        };
        html! {
            <button role="menuitem" tabindex="-1" aria-label={item.label.clone()} data-command={command.clone()}
                title={command} class={item.danger.then_some("danger")} {onclick}>{&item.label}</button>
        }
    });
    let outside = {
        let close = close.clone();
        Callback::from(move |_: MouseEvent| close(false))
    };
    html! {
        <div class="menu-layer">
            <div class="menu-shade" onclick={outside}></div>
            <div class="menu" role="menu" aria-label={props.menu.label.clone()} ref={list} {onkeydown}>{for items}</div>
        </div>
    }
}

/// Under its button, or above it where there is no room, and never outside of the window.
fn place(list: &HtmlElement, anchor: &HtmlElement) {
    let Some(root) = page::document().and_then(|document| document.document_element()) else { return };
    let (at, own) = (anchor.get_bounding_client_rect(), list.get_bounding_client_rect());
    let (width, height) = (f64::from(root.client_width()), f64::from(root.client_height()));
    let left = if at.left() + own.width() + 8.0 > width { at.right() - own.width() } else { at.left() };
    let top =
        if at.bottom() + own.height() + 12.0 > height { at.top() - own.height() - 4.0 } else { at.bottom() + 4.0 };
    page::set_style_px(list, "left", left.clamp(8.0, (width - own.width() - 8.0).max(8.0)));
    page::set_style_px(list, "top", top.clamp(8.0, (height - own.height() - 8.0).max(8.0)));
}

fn focus_item(list: &HtmlElement, choose: impl Fn(Option<u32>, u32) -> u32) {
    let Ok(items) = list.query_selector_all("[role=menuitem]") else { return };
    let count = items.length();
    if count == 0 {
        return;
    }
    let focused: Option<Element> = page::focused().map(Into::into);
    let now = (0..count).find(|index| {
        items.item(*index).as_ref().map(AsRef::as_ref) == focused.as_ref().map(|item| -> &web_sys::Node { item })
    });
    if let Some(item) = items.item(choose(now, count)).and_then(|item| item.dyn_into::<HtmlElement>().ok()) {
        let _ = item.focus();
    }
}
