//! What is painted on canvases: pods on their way, and the map of a large cluster.

pub mod colors;
mod dense;
mod overlay;

pub use dense::Dense;
pub use overlay::Overlay;
