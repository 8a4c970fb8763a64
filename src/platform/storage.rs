//! What survives a reload.

use std::cell::Cell;

thread_local! {
    static OFF: Cell<bool> = const { Cell::new(false) };
}

/// From now on nothing is found and nothing is kept: several figures in a page have one storage, and none is theirs.
pub fn turn_off() {
    OFF.set(true);
}

pub fn is_off() -> bool {
    OFF.get()
}

fn storage() -> Option<web_sys::Storage> {
    if OFF.get() {
        return None;
    }
    web_sys::window()?.local_storage().ok()?
}

pub fn get(key: &str) -> Option<String> {
    storage()?.get_item(key).ok()?
}

/// Whether it could be saved: the storage may be full, or forbidden.
pub fn set(key: &str, value: &str) -> bool {
    OFF.get() || storage().is_some_and(|storage| storage.set_item(key, value).is_ok())
}

pub fn remove(key: &str) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(key);
    }
}
