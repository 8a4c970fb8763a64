//! The map of a large cluster: a cell for each node.

use yew::prelude::*;

use crate::ui::session::Desk;
use crate::ui::shared::Shared;
use crate::view::{ObjectRef, Scene};

#[derive(Properties, PartialEq)]
pub struct DenseProps {
    pub desk: Desk,
    pub scene: Shared<Scene>,
    pub selection: Option<ObjectRef>,
}

#[component]
pub fn Dense(props: &DenseProps) -> Html {
    html! {
        <div class="dense" data-testid="dense">
            {for props.scene.groups.iter().map(|group| html! {
                <div class="group" key={group.role.title()}>
                    <h2>{group.role.title()}{" · "}{group.cards.len()}</h2>
                    <canvas></canvas>
                </div>
            })}
        </div>
    }
}
