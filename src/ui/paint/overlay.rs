//! Pods on their way: a canvas over the ribbons and the map.

use yew::prelude::*;

#[component]
pub fn Overlay() -> Html {
    html! { <canvas class="overlay" aria-hidden="true"></canvas> }
}
