//! A run as one line: the fragment that the page's links have, compressed by not compressing.

use everynode::engine::file::{SavedRun, decode, encode};
use everynode::engine::{Replay, Sim};

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// `#run=...`: base64url of raw deflate in stored blocks.
pub fn link(run: &SavedRun) -> String {
    let text = encode(run).into_bytes();
    let blocks = text.chunks(65_535);
    let last = blocks.len() - 1;
    let mut packed = Vec::new();
    for (index, block) in blocks.enumerate() {
        let length = block.len() as u16;
        packed.push(u8::from(index == last));
        packed.extend(length.to_le_bytes());
        packed.extend((!length).to_le_bytes());
        packed.extend(block);
    }
    let letters = packed.chunks(3).flat_map(|bytes| {
        let bits = bytes.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - bytes.len()));
        (0..=bytes.len()).map(move |at| char::from(LETTERS[(bits >> (18 - 6 * at)) as usize & 63]))
    });
    "#run=".chars().chain(letters).collect()
}

/// The run of such a line, or of its JSON.
pub fn run(line: &str) -> Result<SavedRun, String> {
    let Some(packed) = line.trim().strip_prefix("#run=") else { return decode(line) };
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for letter in packed.bytes() {
        let value = LETTERS.iter().position(|it| *it == letter).ok_or("a letter that no link has")?;
        (bits, count) = (bits << 6 | value as u32, count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    let (mut text, mut rest) = (Vec::new(), bytes.as_slice());
    while let [kind, low, high, _, _, after @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*low, *high]));
        if *kind > 1 || after.len() < length {
            return Err("the page made this link: give the run's JSON instead".to_owned());
        }
        text.extend(&after[..length]);
        rest = &after[length..];
    }
    decode(&String::from_utf8(text).map_err(|error| error.to_string())?)
}

pub fn replay(run: &SavedRun) -> Sim {
    let mut replay = Replay::new(&run.scenario, run.position);
    while !replay.run(usize::MAX) {}
    replay.into_sim()
}
