//! What an embedding page says to a figure in it, and hears from it: the protocol that `static/help.html`
//! describes, in plain data.
//! Whatever comes in was written by somebody else; each part of it is checked before it is anything.

use std::sync::Arc;

use crate::api::SimTime;
use crate::api::value::{Map, Value};
use crate::engine::Record;
use crate::engine::file::{self, SavedRun};
use crate::manifest;

use super::LogRow;

/// The version of the protocol, the field `everynode` of every message.
const VERSION: i64 = 1;
/// More acts than this at once are only counted.
const ACTS_MAX: usize = 500;
/// A manifest of more bytes is refused at once.
const TEXT_MAX: usize = 2 * 1024 * 1024;

/// What the host wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    Load(Box<SavedRun>),
    Apply(String),
    Play,
    Pause,
    Seek(SimTime),
    /// A factor, or `max`.
    Speed(String),
    /// `light`, `dark` or `system`.
    Theme(String),
}

/// Reads a message, as JSON: its `id`, which answers carry again, and what it wants or what is wrong with it. Nothing
/// if it is no message of this protocol: other programs may talk to the same page.
pub fn read(json: &str) -> Option<(Value, Result<Request, String>)> {
    if json.len() > file::BYTES_MAX * 2 {
        return Some((Value::Null, Err("the message is too large".to_owned())));
    }
    let message = manifest::read_value(json)?;
    let version = message.as_map()?.get("everynode")?;
    let id = match message.get("id") {
        Some(id @ (Value::Int(_) | Value::Float(_))) => id.clone(),
        Some(Value::Str(text)) if text.len() <= 200 => text.as_str().into(),
        _ => Value::Null,
    };
    let request = match version.as_int() {
        Some(VERSION) => request(&message),
        _ => Err(format!("the field `everynode` must be {VERSION}, the version of the protocol")),
    };
    Some((id, request))
}

fn request(message: &Value) -> Result<Request, String> {
    let text = |field: &str| {
        let text = message.get(field).and_then(Value::as_str);
        text.map(str::to_owned).ok_or_else(|| format!("the field `{field}` must be a text"))
    };
    let one_of = |field: &str, choices: &[&str]| {
        let text = text(field)?;
        if choices.contains(&text.as_str()) {
            Ok(text)
        } else {
            Err(format!("`{field}` must be {}", choices.join(", ")))
        }
    };
    Ok(match text("do")?.as_str() {
        "load" => {
            let run = match message.get("run") {
                Some(Value::Str(text)) => file::decode(text),
                Some(run @ Value::Map(_)) => file::decode(&run.to_json()),
                _ => Err("the field `run` must be a saved run: its text, or what that is as JSON".to_owned()),
            };
            Request::Load(Box::new(run?))
        }
        "apply" => match text("text")? {
            long if long.len() > TEXT_MAX => return Err("the text is larger than 2 MB".to_owned()),
            text => Request::Apply(text),
        },
        "play" => Request::Play,
        "pause" => Request::Pause,
        "seek" => {
            let seconds = match message.get("at") {
                Some(Value::Int(seconds)) => *seconds as f64,
                Some(Value::Float(seconds)) => *seconds,
                _ => return Err("the field `at` must be a number of seconds".to_owned()),
            };
            Request::Seek(SimTime::from_micros((seconds.clamp(0.0, 1e9) * 1e6) as u64))
        }
        "speed" => match message.get("speed") {
            Some(Value::Int(factor)) if (1..=16).contains(factor) => Request::Speed(factor.to_string()),
            Some(Value::Float(factor)) if (0.01..=16.0).contains(factor) => Request::Speed(factor.to_string()),
            Some(Value::Str(word)) if word == "max" => Request::Speed(word.clone()),
            _ => return Err("the field `speed` must be a number from 0.01 to 16, or \"max\"".to_owned()),
        },
        "theme" => Request::Theme(one_of("theme", &["light", "dark", "system"])?),
        other => {
            let other: String = other.chars().take(40).collect();
            return Err(format!(
                "there is no `{other}` to do: load, apply, play, pause, seek, speed and theme there are"
            ));
        }
    })
}

fn message(event: &str, fields: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let head = [("everynode", Value::Int(VERSION)), ("event", event.into())];
    Value::Map(head.into_iter().chain(fields).map(|(name, value)| (name.to_owned(), value)).collect::<Map>())
}

fn seconds(at: SimTime) -> Value {
    Value::Float(at.micros() as f64 / 1e6)
}

/// The figure listens.
pub fn ready() -> Value {
    message("ready", [])
}

/// What became of a request.
pub fn answer(id: Value, outcome: Result<(), String>) -> Value {
    match outcome {
        Ok(()) => message("done", [("id", id)]),
        Err(reason) => message("refused", [("id", id), ("reason", reason.into())]),
    }
}

/// What has happened, as the activity log tells it; nothing if none of it is an act.
pub fn acts<'a>(records: impl Iterator<Item = &'a Arc<Record>>) -> Option<Value> {
    let all: Vec<&Arc<Record>> = records.filter(|record| record.is_act()).collect();
    let act = |record: &&Arc<Record>| -> Value {
        let row = LogRow::of(record);
        [
            ("seq", Value::Int(row.seq as i64)),
            ("at", seconds(record.at)),
            ("actor", row.actor.into()),
            ("verb", row.verb.into()),
            ("object", row.object.into()),
            ("reason", row.reason.into()),
        ]
        .into()
    };
    let more = all.len().saturating_sub(ACTS_MAX);
    let told: Vec<Value> = all.iter().take(ACTS_MAX).map(act).collect();
    (!told.is_empty()).then(|| message("acts", [("acts", Value::List(told)), ("more", Value::Int(more as i64))]))
}

/// Nothing is left to happen until somebody does something.
pub fn settled(at: SimTime, acts: usize) -> Value {
    message("settled", [("at", seconds(at)), ("records", Value::Int(acts as i64))])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(json: &str) -> Result<Request, String> {
        read(json).map(|(_, request)| request).unwrap_or_else(|| Err("ignored".to_owned()))
    }

    #[test]
    fn requests_are_read() {
        let with = |rest: &str| wanted(&format!("{{\"everynode\": 1, {rest}}}"));
        assert_eq!(with(r#""do": "play""#), Ok(Request::Play));
        assert_eq!(with(r#""do": "pause", "id": 7"#), Ok(Request::Pause));
        assert_eq!(with(r#""do": "seek", "at": 1.5"#), Ok(Request::Seek(SimTime::from_micros(1_500_000))));
        assert_eq!(with(r#""do": "seek", "at": -3"#), Ok(Request::Seek(SimTime::ZERO)));
        assert_eq!(with(r#""do": "speed", "speed": 0.5"#), Ok(Request::Speed("0.5".to_owned())));
        assert_eq!(with(r#""do": "speed", "speed": "max""#), Ok(Request::Speed("max".to_owned())));
        assert_eq!(with(r#""do": "apply", "text": "kind: A""#), Ok(Request::Apply("kind: A".to_owned())));
        let run = file::encode(&SavedRun::default());
        let loaded = Ok(Request::Load(Box::default()));
        assert_eq!(with(&format!(r#""do": "load", "run": {run}"#)), loaded);
        assert_eq!(with(&format!(r#""do": "load", "run": {}"#, Value::from(run).to_json())), loaded);
    }

    #[test]
    fn what_is_wrong_is_refused_and_what_is_foreign_ignored() {
        for foreign in ["", "null", "7", "\"play\"", "[]", "{}", "{\"do\": \"play\"}", "{", "\u{0}"] {
            assert_eq!(read(foreign), None, "{foreign}");
        }
        let refused = [
            (r#""do": 3"#, "`do`"),
            (r#""do": "format""#, "format"),
            (r#""do": "apply""#, "`text`"),
            (r#""do": "apply", "text": ["a"]"#, "`text`"),
            (r#""do": "seek", "at": "1""#, "`at`"),
            (r#""do": "speed", "speed": 17"#, "speed"),
            (r#""do": "speed", "speed": -1.5"#, "speed"),
            (r#""do": "theme", "theme": "red""#, "theme"),
            (r#""do": "load""#, "`run`"),
            (r#""do": "load", "run": {"everynode": 9}"#, "newer"),
            (r#""do": "load", "run": "x""#, "no run"),
        ];
        for (rest, said) in refused {
            let reason = wanted(&format!("{{\"everynode\": 1, {rest}}}")).unwrap_err();
            assert!(reason.contains(said), "{rest}: {reason}");
        }
        assert!(wanted(r#"{"everynode": 2, "do": "play"}"#).unwrap_err().contains("must be 1"));
        let (id, _) = read(r#"{"everynode": 1, "do": "play", "id": {"a": 1}}"#).unwrap();
        assert_eq!(id, Value::Null);
    }
}
