//! The browser, without anything of ours: frames, storage, media queries, the clipboard, files, the editor's JavaScript.

pub mod crash;
pub mod editor;
pub mod fetch;
pub mod focus;
pub mod frame;
pub mod host;
pub mod page;
pub mod rest;
pub mod save;
pub mod storage;
pub mod transfer;
