//! The last step of a build, called by Trunk: the content security policy, addresses that have to be whole, and the
//! service worker with the list of all files.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{Failure, root};
use crate::wasm;

/// What the pages allow themselves, in a `<meta>` element for hosts that send no headers.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: \
                      blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; frame-src 'self'; base-uri \
                      'none'; form-action 'none'";
const CHARSET: &str = "<meta charset=\"utf-8\">";
/// Where the page will be, for a build that knows it.
const SITE: &str = "EVERYNODE_SITE";

/// Works on the folder in which Trunk has put a build together.
pub fn finish() -> Result<(), Failure> {
    let Some(folder) = env::var_os("TRUNK_STAGING_DIR").map(PathBuf::from) else {
        return Err(Failure::new("This is for Trunk, which calls it at the end of a build: run `cargo xtask build`."));
    };
    let worker = read(&root().join("static/sw.js"))?;
    // Trunk's own script, which reloads the page under development, is inline; and nothing is to be kept there.
    let divides = env::var_os(wasm::PARTS).is_some();
    if !divides && env::var("TRUNK_PROFILE").as_deref() != Ok("release") {
        return write(&folder.join("sw.js"), &worker);
    }
    // Before anything counts the files.
    if divides {
        wasm::divide(&folder)?;
    }
    let mut names = Vec::new();
    list(&folder, "", &mut names)?;
    for name in names.iter().filter(|name| is_first(name)) {
        let file = folder.join(name);
        write(&file, &bare(&read(&file)?, name))?;
    }
    for name in names.iter().filter(|name| name.ends_with(".html")) {
        let file = folder.join(name);
        let page = with_site(&with_policy(&read(&file)?), env::var(SITE).ok().as_deref());
        write(&file, &page)?;
    }
    let mut hashes = BTreeMap::new();
    for name in names.into_iter().filter(|name| is_needed(name)) {
        let bytes = fs::read(folder.join(&name)).map_err(|error| trouble(&folder.join(&name), "read", &error))?;
        hashes.insert(name, base64(&sha256(&bytes)));
    }
    write(&folder.join("sw.js"), &with_files(&worker, &hashes)?)
}

/// Whether a file that people have written is downloaded by each reader.
fn is_first(name: &str) -> bool {
    let hashed = |begin: &str, end: &str| name.starts_with(begin) && name.ends_with(end);
    name == "index.html" || hashed("boot-", ".js") || hashed("style-", ".css") || hashed("later-", ".css")
}

/// A text without what only people read: comments, which stand in lines of their own in a script, and indents.
fn bare(text: &str, name: &str) -> String {
    let (opens, closes) = if name.ends_with(".html") { ("<!--", "-->") } else { ("/*", "*/") };
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(opens) {
        let Some((_, after)) = after.split_once(closes) else { break };
        kept.push_str(before);
        rest = after;
    }
    kept.push_str(rest);
    let lines = kept.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.fold(String::new(), |all, line| all + line + "\n")
}

/// Whether a page without a network needs a file. What only other programs look at stays on the host.
fn is_needed(name: &str) -> bool {
    !(name == "sw.js" || name == "404.html" || name.ends_with(".png") || name.ends_with(".jpg"))
}

/// The names of all files in a folder, with slashes.
fn list(folder: &Path, prefix: &str, names: &mut Vec<String>) -> Result<(), Failure> {
    for entry in fs::read_dir(folder).map_err(|error| trouble(folder, "read", &error))?.flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            list(&entry.path(), &format!("{name}/"), names)?;
        } else {
            names.push(name);
        }
    }
    Ok(())
}

fn with_policy(page: &str) -> String {
    let meta = format!("{CHARSET}<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">");
    page.replacen(CHARSET, &meta, 1)
}

/// Programs that show a preview of a link want whole addresses; relative ones stay where the site is not known.
fn with_site(page: &str, site: Option<&str>) -> String {
    match site.map(|site| site.trim_end_matches('/')) {
        Some(site) if !site.is_empty() => page
            .replace("property=\"og:image\" content=\"", &format!("property=\"og:image\" content=\"{site}/"))
            .replace("property=\"og:url\" content=\"./", &format!("property=\"og:url\" content=\"{site}/")),
        _ => page.to_owned(),
    }
}

fn with_files(worker: &str, hashes: &BTreeMap<String, String>) -> Result<String, Failure> {
    let rows: Vec<String> = hashes.iter().map(|(name, hash)| format!("  {name:?}: {hash:?},\n")).collect();
    let rows = rows.concat();
    let version: String =
        sha256((rows.clone() + worker).as_bytes())[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let (no_version, no_files) = ("VERSION = \"development\"", "FILES = {}");
    if !worker.contains(no_version) || !worker.contains(no_files) {
        return Err(Failure::new(format!("static/sw.js has no `{no_version}` or no `{no_files}` to fill in.")));
    }
    let worker = worker.replacen(no_version, &format!("VERSION = \"{version}\""), 1);
    Ok(worker.replacen(no_files, &format!("FILES = {{\n{rows}}}"), 1))
}

fn read(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| trouble(file, "read", &error))
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    fs::write(file, text).map_err(|error| trouble(file, "written", &error))
}

fn trouble(file: &Path, what: &str, error: &std::io::Error) -> Failure {
    Failure::new(format!("{} cannot be {what} ({error}).", file.display()))
}

/// FIPS 180-4.
fn sha256(bytes: &[u8]) -> [u8; 32] {
    // The first 32 bits of the fractional parts of the cube and square roots of the first primes.
    let primes: Vec<u32> = (2u32..).filter(|n| (2..*n).all(|d| n % d != 0)).take(64).collect();
    let fraction = |root: f64| ((root - root.floor()) * 4_294_967_296.0) as u32;
    let rounds: Vec<u32> = primes.iter().map(|prime| fraction(f64::from(*prime).cbrt())).collect();
    let mut state: Vec<u32> = primes[..8].iter().map(|prime| fraction(f64::from(*prime).sqrt())).collect();

    let mut padded = bytes.to_vec();
    padded.push(0x80);
    padded.resize((padded.len() + 8).next_multiple_of(64), 0);
    let end = padded.len();
    padded[end - 8..].copy_from_slice(&(bytes.len() as u64 * 8).to_be_bytes());

    for block in padded.chunks(64) {
        let mut words: Vec<u32> =
            block.chunks(4).map(|word| word.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))).collect();
        for at in 16..64 {
            let (early, late) = (words[at - 15], words[at - 2]);
            let low = early.rotate_right(7) ^ early.rotate_right(18) ^ (early >> 3);
            let high = late.rotate_right(17) ^ late.rotate_right(19) ^ (late >> 10);
            words.push(words[at - 16].wrapping_add(low).wrapping_add(words[at - 7]).wrapping_add(high));
        }
        let mut now = state.clone();
        for (word, round) in words.iter().zip(&rounds) {
            let high = now[4].rotate_right(6) ^ now[4].rotate_right(11) ^ now[4].rotate_right(25);
            let choice = (now[4] & now[5]) ^ (!now[4] & now[6]);
            let first = now[7].wrapping_add(high).wrapping_add(choice).wrapping_add(*round).wrapping_add(*word);
            let low = now[0].rotate_right(2) ^ now[0].rotate_right(13) ^ now[0].rotate_right(22);
            let majority = (now[0] & now[1]) ^ (now[0] & now[2]) ^ (now[1] & now[2]);
            now.rotate_right(1);
            now[4] = now[4].wrapping_add(first);
            now[0] = first.wrapping_add(low).wrapping_add(majority);
        }
        for (sum, part) in state.iter_mut().zip(now) {
            *sum = sum.wrapping_add(part);
        }
    }
    let mut hash = [0; 32];
    for (place, word) in hash.chunks_mut(4).zip(state) {
        place.copy_from_slice(&word.to_be_bytes());
    }
    hash
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for part in bytes.chunks(3) {
        let bits = part.iter().fold(0u32, |sum, byte| sum << 8 | u32::from(*byte)) << (8 * (3 - part.len()));
        for index in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * index)) as usize & 63];
            text.push(if index <= part.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_standard() {
        assert_eq!(base64(&sha256(b"")), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(base64(&sha256(b"abc")), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
        assert_eq!(base64(&sha256(&[b'a'; 1_000_000])), "zcduXJkU+5KBocfihNc+Z/GAmkiklyAOBG05zMcRLNA=");
        for length in 50..70 {
            assert_eq!(base64(&sha256(&vec![0; length])).len(), 44);
        }
        assert_eq!(["", "a", "ab", "abc"].map(|text| base64(text.as_bytes())), ["", "YQ==", "YWI=", "YWJj"]);
    }

    #[test]
    fn a_worker_gets_its_files_and_a_version_that_depends_on_them() {
        let worker = fs::read_to_string(root().join("static/sw.js")).unwrap();
        let with = |hash: &str| with_files(&worker, &[("a \"b\".js".to_owned(), hash.to_owned())].into()).ok().unwrap();
        let version = |worker: &str| worker.split("VERSION = ").nth(1).unwrap()[..18].to_owned();
        assert!(with("x").contains("FILES = {\n  \"a \\\"b\\\".js\": \"x\",\n};"));
        assert_ne!(version(&with("x")), version(&with("y")));
        assert!(with_files("", &BTreeMap::new()).is_err());
    }

    #[test]
    fn what_only_people_read_is_left_out() {
        let sheet = "/* Of\n   two lines. */\n\na { b: c }\n@media x {\n  /* One. */\n  d { e: f }\n}\n";
        assert_eq!(bare(sheet, "style-1.css"), "a { b: c }\n@media x {\nd { e: f }\n}\n");
        assert_eq!(bare("// One.\nf(\n  \"http://x\",\n);\n", "boot-1.js"), "f(\n\"http://x\",\n);\n");
        assert_eq!(bare("<p>\n  <!-- One. -->\n  a /* b\n", "index.html"), "<p>\na /* b\n");
        assert!(is_first("boot-1.js") && !is_first("embed-example.js") && !is_first("conformance.css"));
    }

    #[test]
    fn a_page_gets_the_policy_and_whole_addresses() {
        let page = format!("<head>{CHARSET}<meta property=\"og:image\" content=\"preview.jpg\"></head>");
        assert!(with_policy(&page).contains("Content-Security-Policy"));
        assert!(with_site(&page, Some("https://example.org/a/")).contains("\"https://example.org/a/preview.jpg\""));
        assert_eq!(with_site(&page, None), page);
    }
}
