//! What is said aloud to readers who do not see the map, and messages for all.

use web_sys::HtmlDialogElement;
use yew::prelude::*;

use super::icon::{self, icon};
use super::session::Desk;
use super::state::{Action, Notice, OpeningStage};

pub fn live(text: &str) -> Html {
    html! { <div class="unseen" data-testid="live" role="status" aria-live="polite">{text}</div> }
}

pub fn notices(desk: &Desk, notice: Option<&Notice>, can_go_back: Option<&str>) -> Html {
    html! {
        <div class="notices" data-testid="notice" role="status">
            if let Some(notice) = notice {
                <div class={if notice.error { "notice error" } else { "notice" }}>
                    <p>{&notice.text}</p>
                    if let Some(way) = can_go_back { <button data-testid="back-to-mine" onclick={desk.on(Action::BackToMine(0))}>{way}</button> }
                    <button class="quiet square" aria-label="Dismiss the message" onclick={desk.on(Action::DismissNotice)}>{icon(icon::CLOSE)}</button>
                </div>
            }
        </div>
    }
}

/// A run is being done again, and that takes longer than a moment.
#[derive(Properties, PartialEq)]
pub struct OpeningProps {
    pub desk: Desk,
    pub stage: OpeningStage,
}

#[component]
pub fn OpeningView(props: &OpeningProps) -> Html {
    let element = use_node_ref();
    {
        let element = element.clone();
        use_effect_with((), move |()| {
            let dialog = element.cast::<HtmlDialogElement>();
            if let Some(dialog) = &dialog {
                let _ = dialog.show_modal();
            }
            move || {
                if let Some(dialog) = dialog {
                    dialog.close();
                }
            }
        });
    }
    let stop = props.desk.on::<MouseEvent>(Action::StopOpening);
    let oncancel = {
        let desk = props.desk.clone();
        Callback::from(move |event: Event| {
            event.prevent_default();
            desk.send(Action::StopOpening);
        })
    };
    let (title, hint, percent) = match props.stage {
        OpeningStage::Fetched(percent) => {
            ("Your cluster comes back", "It is taken out of this browser's storage, as you left it.", percent)
        }
        OpeningStage::DoneAgain(percent) => (
            "The run is done again",
            "Everything that was done in it happens once more, as fast as this machine can.",
            percent,
        ),
    };
    html! {
        <dialog ref={element} aria-labelledby="opening-title" data-testid="opening" {oncancel}>
            <h2 id="opening-title">{title}</h2>
            <p class="hint">{hint}</p>
            <progress max="100" value={percent.to_string()} aria-label="How much is done"></progress>
            <div class="buttons"><button onclick={stop}>{"Stop here"}</button></div>
        </dialog>
    }
}
