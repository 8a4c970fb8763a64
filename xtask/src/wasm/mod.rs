//! The page's WebAssembly in two parts: what the first paint with a working Apply needs, and the rest, which boot.js
//! fetches after it. `cargo xtask build` divides it; a page that Trunk alone has built is in one piece.

mod constants;
mod glue;
mod module;
mod order;
mod outline;
mod split;

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use constants::Constants;
use module::Module;
use outline::Inside;

use crate::run::{Failure, root, run};
use crate::tools::{Tools, WASM};

/// Names of functions in a form that is the same in each build and says what is generic over what. The linker leaves its
/// relocations, which tell what refers to what. And functions of which there is one call are put into their caller only
/// when they are small (the bonus for that is 15,000), as otherwise the first part would have to take them along.
pub const FLAGS: &str = "-C symbol-mangling-version=v0 -C link-arg=--emit-relocs -C llvm-args=-inline-threshold=-14700";
/// Set for a build that is to be divided: then Trunk has been given the flags for that, and finds the tools.
pub const PARTS: &str = "EVERYNODE_PARTS";
/// What was not run until the first pods were ready: functions, as hashes of their names, and parts of others, see
/// [`keys`]. `cargo xtask profile` writes it. What it does not know belongs to the first part, so an old profile costs bytes, nothing else.
const PROFILE: &str = "xtask/rest.profile";
/// How the module is called within the JavaScript that wasm-bindgen writes.
const NAME: &str = "everynode";

/// Where cargo looks for flags that are for the page only, not for programs like this one.
pub const FLAGS_IN: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";

/// The flags for rustc with which a page is built that is to be divided.
pub fn flags() -> String {
    let mut flags = env::var(FLAGS_IN).unwrap_or_default();
    for flag in [FLAGS].into_iter().map(str::to_owned).chain(unnamed_folders()) {
        flags.push(' ');
        flags.push_str(&flag);
    }
    flags.trim_start().to_owned()
}

/// A program names the files of its libraries, for messages of panics: not with where they are on this machine.
fn unnamed_folders() -> Vec<String> {
    let cargo = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let sources = cargo.and_then(|cargo| fs::read_dir(cargo.join("registry/src")).ok());
    let folders = sources.into_iter().flatten().flatten().map(|folder| folder.path());
    // Flags are parted by spaces.
    let folders = folders.filter(|folder| !folder.to_string_lossy().contains(' '));
    folders.map(|folder| format!("--remap-path-prefix={}/=", folder.display())).collect()
}

/// Exchanges the module in a folder that Trunk has made by two.
pub fn divide(dist: &Path) -> Result<(), Failure> {
    let page = Page::read(dist)?;
    let module = bindgen(Command::new("wasm-bindgen"), &[])?;
    let profile = Profile { rest: read_text(&root().join(PROFILE))?.lines().map(str::to_owned).collect() };
    let (linked, mangled) = (read(&linked())?, bindgen(Command::new("wasm-bindgen"), &["--no-demangle"])?);
    let divide = || {
        let names = split::names(&Module::read(&mangled)?);
        split::split(&module, &profile, &Constants::read(&linked)?, &names)
    };
    let parts = divide().map_err(|error| Failure::new(format!("The module cannot be divided: {error}.")))?;
    let (first, moved) = parts.functions;
    println!(
        "{first} functions are in the first part of the program; {moved}, parts of {} and {} bytes in the rest.",
        parts.parted, parts.constants
    );
    let mut index = page.index.clone();
    let mut exchange = |old: &str, new: &str, content: &[u8]| {
        write(&dist.join(new), content)?;
        index = index.replace(old, new);
        if old == new { Ok(()) } else { fs::remove_file(dist.join(old)).map_err(|error| trouble(old, &error)) }
    };
    let script = read_text(&dist.join(&page.js))?;
    let (first, script) = glue::shorten(&parts.first, &script)
        .map_err(|error| Failure::new(format!("The names in the script cannot be shortened: {error}.")))?;
    exchange(&page.js, &format!("{NAME}-{}.js", hash(script.as_bytes())), script.as_bytes())?;
    let disordered = |error| Failure::new(format!("The functions cannot be put in order: {error}."));
    let (first, places) = order::order(&optimise("bg", &first)?).map_err(disordered)?;
    exchange(&page.wasm, &format!("{NAME}-{}_bg.wasm", hash(&first)), &first)?;
    let rest = optimise("rest", &order::borrow(&parts.rest, &places).map_err(disordered)?)?;
    let name = format!("{NAME}-{}_rest.wasm", hash(&rest));
    write(&dist.join(&name), &rest)?;
    index = index.replacen(" data-wasm=", &format!(" data-rest=\"./{name}\" data-wasm="), 1);
    write(&dist.join("index.html"), index.as_bytes())
}

/// What the first paint does not need.
struct Profile {
    rest: BTreeSet<String>,
}

impl Profile {
    fn is_rest(&self, name: &str) -> bool {
        !name.is_empty() && self.rest.contains(&hash(plain(name).as_bytes()))
    }

    /// The stretches of a function that belong to the rest.
    fn rest_of(&self, name: &str, inside: &Inside) -> BTreeSet<usize> {
        let keys = keys(&plain(name), inside);
        let rest = keys.iter().zip(inside.stretches()).filter(|(key, _)| !name.is_empty() && self.rest.contains(*key));
        rest.map(|(_, stretch)| stretch).collect()
    }
}

/// What stands for each stretch of a function in the profile. The first one stands for the function.
fn keys(name: &str, inside: &Inside) -> Vec<String> {
    let key = |(at, (mark, before)): (usize, (u64, u32))| match at {
        0 => hash(name.as_bytes()),
        _ => hash(format!("{name} {mark:x} {before}").as_bytes()),
    };
    inside.marks().into_iter().enumerate().map(key).collect()
}

/// A page that counts.
pub struct Counting {
    pub folder: PathBuf,
    module: Vec<u8>,
}

/// Makes a page in which every stretch of a function notes that it was run.
pub fn counting(wasm_bindgen: Command, dist: &Path) -> Result<Counting, Failure> {
    let page = Page::read(dist)?;
    let module = bindgen(wasm_bindgen, &[])?;
    let counted = Module::read(&module).and_then(|module| split::count(&module)).map_err(Failure::new)?;
    let folder = target().join("profile");
    let _ = fs::remove_dir_all(&folder);
    copy_folder(dist, &folder).map_err(|error| Failure::new(format!("The page cannot be copied ({error}).")))?;
    write(&folder.join(&page.wasm), &counted)?;
    // As if the rest never came.
    let index = page.index.replacen(" data-wasm=", " data-rest=\"./none.wasm\" data-wasm=", 1);
    write(&folder.join("index.html"), index.as_bytes())?;
    Ok(Counting { folder, module })
}

impl Counting {
    /// Writes the profile: `run` are the numbers of the stretches that were.
    pub fn write_profile(&self, run: &BTreeSet<u32>) -> Result<(), Failure> {
        let rest = self.rest(run).map_err(Failure::new)?;
        println!("{} stretches of code were run; {} functions and stretches were not.", run.len(), rest.len());
        let text = rest.into_iter().map(|key| key + "\n").collect::<String>();
        write(&root().join(PROFILE), text.as_bytes())
    }

    fn rest(&self, run: &BTreeSet<u32>) -> module::Result<BTreeSet<String>> {
        let module = Module::read(&self.module)?;
        let (mut rest, mut first) = (BTreeSet::new(), BTreeSet::new());
        let mut numbers = 0..;
        for (at, name) in split::names(&module).into_iter().enumerate() {
            let inside = Inside::read(&module, at)?;
            let stretches: Vec<(usize, bool)> = inside
                .stretches()
                .zip(&mut numbers)
                .map(|(stretch, number)| (stretch, run.contains(&number)))
                .collect();
            let keys = keys(&plain(name), &inside);
            let not_run = stretches.iter().filter(|(_, is_run)| !is_run).map(|(stretch, _)| *stretch).collect();
            let ends: BTreeSet<usize> = match stretches.first() {
                Some((entry, false)) => [*entry].into(),
                _ => inside
                    .ends(&not_run)
                    .into_iter()
                    .filter(|end| inside.is_worth(&end.1))
                    .map(|it| it.1.start)
                    .collect(),
            };
            for (key, (stretch, is_run)) in keys.into_iter().zip(stretches) {
                if is_run {
                    first.insert(key);
                } else if ends.contains(&stretch) && !name.is_empty() {
                    rest.insert(key);
                }
            }
        }
        // There are functions of one name.
        Ok(&rest - &first)
    }
}

/// Builds an example as a page of its own, with the same optimisation as the page.
pub fn example(tools: &Tools, name: &str) -> Result<PathBuf, Failure> {
    let target = target();
    let folder = target.join("example-page");
    let _ = fs::remove_dir_all(&folder);
    run(tools.cargo("build").args(["--release", "--target", WASM, "--example", name]).env(FLAGS_IN, flags()))?;
    let mut bindgen = tools.command("wasm-bindgen");
    bindgen.args(["--target", "web", "--no-typescript", "--out-name", name, "--out-dir"]).arg(&folder);
    run(bindgen.arg(target.join(WASM).join("release/examples").join(name).with_extension("wasm")))?;
    let module = folder.join(format!("{name}_bg.wasm"));
    run(tools.command("wasm-opt").arg("-Oz").arg(&module).arg("-o").arg(&module))?;
    write(&folder.join("main.js"), format!("import start from \"./{name}.js\";\nstart();\n").as_bytes())?;
    write(
        &folder.join("index.html"),
        b"<!doctype html><title>Bench</title><script type=module src=main.js></script>\n",
    )?;
    Ok(folder)
}

fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// What the page's index.html says of its program.
struct Page {
    index: String,
    js: String,
    wasm: String,
}

impl Page {
    fn read(dist: &Path) -> Result<Page, Failure> {
        let index = read_text(&dist.join("index.html"))?;
        let named = |attribute: &str| {
            let after = index.split_once(&format!(" {attribute}=\"./"))?.1;
            Some(after.split_once('"')?.0.to_owned())
        };
        match (named("data-js"), named("data-wasm")) {
            (Some(js), Some(wasm)) => Ok(Page { index, js, wasm }),
            _ => Err(Failure::new("dist/index.html names no program: see pattern_script in Trunk.toml.")),
        }
    }
}

/// The module as the linker leaves it.
fn linked() -> PathBuf {
    target().join(WASM).join("release").join(NAME).with_extension("wasm")
}

/// The module as wasm-bindgen leaves it, with the names of its functions.
fn bindgen(mut bindgen: Command, options: &[&str]) -> Result<Vec<u8>, Failure> {
    let folder = target().join("parts");
    bindgen.args(["--target", "web", "--no-typescript", "--out-name", NAME, "--out-dir"]).arg(&folder);
    run(bindgen.args(options).arg(linked()))?;
    read(&folder.join(format!("{NAME}_bg.wasm")))
}

fn optimise(part: &str, module: &[u8]) -> Result<Vec<u8>, Failure> {
    let folder = target().join("parts");
    let (large, small) = (folder.join(format!("{part}.wasm")), folder.join(format!("{part}.small.wasm")));
    write(&large, module)?;
    run(Command::new("wasm-opt")
        .args(["-Oz", "--always-inline-max-function-size=5"])
        .arg(&large)
        .arg("-o")
        .arg(&small))?;
    read(&small)
}

/// A function's name without what differs from build to build: `core[0123456789abcdef]::fmt` is `core::fmt`.
fn plain(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        match after.get(..17).and_then(|hash| hash.strip_suffix(']')) {
            Some(hash) if hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => rest = &after[17..],
            _ => {
                plain.push('[');
                rest = after;
            }
        }
    }
    plain + rest
}

/// FNV-1a, as hexadecimal digits: enough to tell a few thousand names and files apart.
fn hash(bytes: &[u8]) -> String {
    let hash = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

fn trouble(file: &str, error: &std::io::Error) -> Failure {
    Failure::new(format!("dist/{file} cannot be removed ({error})."))
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|error| Failure::new(format!("{} cannot be read ({error}).", file.display())))
}

fn read_text(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| Failure::new(format!("{} cannot be read ({error}).", file.display())))
}

fn write(file: &Path, content: &[u8]) -> Result<(), Failure> {
    fs::write(file, content).map_err(|error| Failure::new(format!("{} cannot be written ({error}).", file.display())))
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let place = to.join(entry.file_name());
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), place)?;
        } else {
            copy_folder(&entry.path(), &place)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn names_are_freed_of_hashes() {
        assert_eq!(plain("<alloc[0123456789abcdef]::vec::Vec<[u8]>>::push"), "<alloc::vec::Vec<[u8]>>::push");
        assert_eq!(plain("a[0]::b"), "a[0]::b");
    }
}
