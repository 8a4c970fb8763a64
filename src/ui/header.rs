//! The bar at the top.

use std::rc::Rc;

use yew::prelude::*;

use super::icon::{self, icon};
use super::map::open_menu;
use super::session::Desk;
use super::state::{Action, Dialog, Theme};

pub fn header(desk: &Desk, theme: Theme, cluster: &str) -> Html {
    let (picture, title) = match theme {
        Theme::System => (icon::HALF, "Theme: as the system has it"),
        Theme::Light => (icon::SUN, "Theme: light"),
        Theme::Dark => (icon::MOON, "Theme: dark"),
    };
    html! {
        <header class="top">
            <svg class="logo" viewBox="0 0 22 22" aria-hidden="true">
                <path d="M0 1h6v6H0zM8 1h6v6H8zM16 1h6v6h-6zM0 8.5h6v6H0zM16 8.5h6v6h-6zM0 16h6v6H0zM8 16h6v6H8zM16 16h6v6h-6z" />
                <path class="heart" d="M8 8.5h6v6H8z" />
            </svg>
            <h1>{"Everynode"}</h1>
            <button class="scenario" aria-haspopup="menu" data-testid="scenario" title="Clusters to begin with" onclick={open_menu(desk, "scenario")}>
                <span>{cluster}</span>{icon(icon::DOWN)}
            </button>
            <button aria-haspopup="dialog" data-testid="examples" onclick={desk.on(Action::Open(Dialog::Examples))}>{"Examples"}</button>
            <button class="roomy" aria-haspopup="dialog" data-testid="import" onclick={desk.on(Action::Open(Dialog::Import(Rc::default())))}>{"Import cluster…"}</button>
            <span class="space"></span>
            <span class="chip wide-only">{"simulates Kubernetes v1.36"}</span>
            <button class="share" data-testid="share" title="A link to this run, or a file" aria-haspopup="dialog"
                onclick={desk.on(Action::Share)}>{"Share"}</button>
            <button class="square" data-testid="theme" data-choice={theme.word()} {title} aria-label={title}
                onclick={desk.on(Action::NextTheme)}>{icon(picture)}</button>
            <button class="square" title="Help and shortcuts (?)" aria-label="Help" aria-haspopup="dialog"
                onclick={desk.on(Action::Open(Dialog::Help))}>{"?"}</button>
        </header>
    }
}
