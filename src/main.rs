fn main() {
    #[cfg(target_arch = "wasm32")]
    everynode::ui::mount();
}
