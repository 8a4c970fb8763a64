//! Divides a module into what the first paint needs, and the rest.
//!
//! Function by function, after outline.rs has made functions of what is not run of others. The body of a function of the
//! rest is exchanged for a few instructions that fetch the rest if it is not here yet and go on there, through a table.
//! The rest is a module of its own that imports memory, tables, globals and functions of the first one. So nothing in the
//! program has to know of it, and a wrong guess at what comes first costs time, never truth.

use std::collections::{BTreeMap, BTreeSet};

use super::Profile;
use super::constants::Constants;
use super::module::{Module, Reader, Result, kind, references, section};
use super::outline::{Inside, outline};

/// The exported function that fetches the rest, synchronously: `platform::rest` in the page.
const FETCH: &str = "fetch_rest";
/// What the rest sets to 1 when it is here.
const ARRIVED: &str = "rest_arrived";
/// The table of functions of the first part that the rest uses.
pub const LENT: &str = "lent";
/// The memory in which a module that counts does so: tests/e2e/profile.mjs reads it.
const COUNTERS: &str = "counters";
/// Bodies up to so many bytes are in both parts if both use them.
const COPIED: usize = 100;
/// Smaller bodies are not worth a way to another module.
const SMALL: usize = 24;

pub struct Parts {
    pub first: Vec<u8>,
    pub rest: Vec<u8>,
    /// Functions in the first part and in the rest.
    pub functions: (usize, usize),
    /// Parts of functions in the rest.
    pub parted: usize,
    /// Bytes of constants in the rest.
    pub constants: u32,
}

/// `profile` tells what comes first. `linked` are the functions' names in the linker's module, in order.
pub fn split(bytes: &[u8], profile: &Profile, constants: &Constants, linked: &[&str]) -> Result<Parts> {
    let whole = Module::read(bytes)?;
    let names = names(&whole);
    let is_rest = |at: usize| names.get(at).is_none_or(|name| profile.is_rest(name));
    // What is called, but not all of it.
    let divided = outline(&whole, &|at, inside| {
        if is_rest(at) { Vec::new() } else { inside.ends(&profile.rest_of(names[at], inside)) }
    })?;
    let module = Module::read(&divided)?;
    let imported = module.imported(kind::FUNCTION);
    let fetch = module.exports.iter().find(|export| export.name == FETCH && export.kind == kind::FUNCTION);
    let fetch = fetch.ok_or_else(|| format!("the module does not export `{FETCH}`"))?.index;
    // A start function would run before anything could be fetched. The page has none.
    let is_rest: Vec<bool> = (0..)
        .zip(&module.bodies)
        .map(|(at, body)| body.len() > SMALL && at as u32 + imported != fetch && is_rest(at))
        .collect();
    let rests = |function: u32| function >= imported && is_rest[(function - imported) as usize];

    if linked.len() != whole.bodies.len() || module.sections.iter().any(|(id, _)| *id == section::DATA_COUNT) {
        return Err("functions or data are not as the linker left them".to_owned());
    }

    // What the rest uses of the first part: it has small functions for itself, and is lent the others.
    let bodies = module.bodies.iter().map(|body| references(body)).collect::<Result<Vec<_>>>()?;
    let is_copied = |function: u32| {
        function >= imported && function != fetch && module.bodies[(function - imported) as usize].len() <= COPIED
    };
    let mut of_rest = is_rest.clone();
    let mut lent = BTreeSet::new();
    let mut next: Vec<u32> =
        (imported..).zip(&is_rest).filter(|(_, rest)| **rest).map(|(function, _)| function).collect();
    while let Some(function) = next.pop() {
        for (_, to) in bodies[(function - imported) as usize].iter().filter(|(_, to)| !rests(*to)) {
            if !is_copied(*to) {
                lent.insert(*to);
            } else if !std::mem::replace(&mut of_rest[(to - imported) as usize], true) {
                next.push(*to);
            }
        }
    }
    // What the first part uses, of itself and of the rest.
    let mut of_first = vec![false; is_rest.len()];
    let mut ways = BTreeSet::new();
    let mut next: Vec<u32> = module.elements.clone();
    next.extend(module.exports.iter().filter(|export| export.kind == kind::FUNCTION).map(|export| export.index));
    next.extend(&lent);
    while let Some(function) = next.pop() {
        if rests(function) {
            ways.insert(function);
        } else if function >= imported && !std::mem::replace(&mut of_first[(function - imported) as usize], true) {
            next.extend(bodies[(function - imported) as usize].iter().map(|(_, to)| *to));
        }
    }
    let first: Vec<(&str, &[u8])> =
        (0..linked.len()).filter(|at| of_first[*at]).map(|at| (linked[at], module.bodies[at])).collect();
    let lost = constants.out_of_reach(&first)?;
    // In order, as that compresses best.
    let numbered = |functions: BTreeSet<u32>| functions.into_iter().zip(0..).collect();
    let (ways, lent) = (numbered(ways), numbered(lent));
    let count = |of: &[bool]| of.iter().filter(|it| **it).count();
    let parted = module.bodies.len() - whole.bodies.len();
    let functions = (count(&of_first), count(&is_rest) - parted);
    let split = Split { module: &module, imported, fetch, ways, lent, of_first, of_rest, references: bodies, lost };
    let constants = split.data(true)?.iter().map(|(_, bytes)| bytes.len() as u32).sum();
    Ok(Parts { first: split.first()?, rest: split.rest()?, functions, parted, constants })
}

/// The names of the functions that are not imported, in order; empty where one has none.
pub fn names<'a>(module: &Module<'a>) -> Vec<&'a str> {
    let imported = module.imported(kind::FUNCTION);
    let names: BTreeMap<u32, &str> = module.names.iter().copied().collect();
    (imported..).zip(&module.bodies).map(|(function, _)| names.get(&function).copied().unwrap_or_default()).collect()
}

struct Split<'a> {
    module: &'a Module<'a>,
    imported: u32,
    fetch: u32,
    /// Functions of the rest that the first part knows, and their place in the table between the parts.
    ways: BTreeMap<u32, u32>,
    /// Functions of the first part that the rest uses, and their place in the table `lent`.
    lent: BTreeMap<u32, u32>,
    /// Whether the parts have a function, by the place of its body. Small ones may be in both.
    of_first: Vec<bool>,
    of_rest: Vec<bool>,
    references: Vec<Vec<(std::ops::Range<usize>, u32)>>,
    /// Constants that only the rest needs, by their addresses, in order.
    lost: Vec<std::ops::Range<u32>>,
}

impl Split<'_> {
    /// The table between the parts: functions of the rest, as many as there are ways.
    fn table(&self) -> Vec<u8> {
        table_of(self.ways.len() as u32)
    }

    /// The data of the rest, or of the first part: addresses and bytes.
    fn data(&self, of_rest: bool) -> Result<Vec<(u32, &[u8])>> {
        let content = self.module.sections.iter().find(|(id, _)| *id == section::DATA).map_or(&[0][..], |it| it.1);
        let mut reader = Reader::new(content);
        let mut pieces: Vec<(u32, &[u8])> = Vec::new();
        for _ in 0..reader.number()? {
            if reader.number()? != 0 || reader.byte()? != 0x41 {
                return Err("data of an unknown kind".to_owned());
            }
            let address = reader.signed()? as u32;
            reader.byte()?;
            let length = reader.number()?;
            let bytes = reader.take(length as usize)?;
            let mut done = address;
            let mut piece = |from: u32, to: u32| {
                if to > from {
                    pieces.push((from, &bytes[(from - address) as usize..(to - address) as usize]));
                }
            };
            for lost in self.lost.iter().filter(|lost| lost.end > address && lost.start < address + length) {
                let begin = lost.start.max(done);
                if !of_rest {
                    piece(done, begin);
                } else {
                    piece(begin, lost.end);
                }
                done = done.max(lost.end);
            }
            if !of_rest {
                piece(done, address + length);
            }
        }
        Ok(pieces)
    }

    /// The data as a section. Pieces that touch become one; those of the first part also over small gaps, as what
    /// comes later is written over whatever stands there.
    fn data_section(&self, of_rest: bool) -> Result<Vec<u8>> {
        let gap = if of_rest { 0 } else { 12 };
        let mut joined: Vec<(u32, Vec<u8>)> = Vec::new();
        for (address, bytes) in self.data(of_rest)? {
            match joined.last_mut() {
                Some((begin, before)) if address - (*begin + before.len() as u32) <= gap => {
                    before.resize((address - *begin) as usize, 0);
                    before.extend(bytes);
                }
                _ => joined.push((address, bytes.to_vec())),
            }
        }
        let mut content = number(joined.len() as u32);
        for (address, bytes) in joined {
            content.extend([0, 0x41]);
            write_signed(&mut content, i64::from(address as i32));
            content.push(0x0b);
            write_bytes(&mut content, &bytes);
        }
        Ok(content)
    }

    fn first(&self) -> Result<Vec<u8>> {
        let module = self.module;
        let globals = module.imported(kind::GLOBAL) + module.globals.len() as u32;
        let tables = module.imported(kind::TABLE) + module.tables.len() as u32;
        let helper = self.imported + module.bodies.len() as u32;
        // fn(i32) -> i32, which is added to the types.
        let helper_type = module.types.len() as u32;
        let mut out = Vec::from(*b"\0asm\x01\0\0\0");
        for (id, content) in &module.sections {
            let content = match *id {
                section::TYPE => add_to(content, &[0x60, 1, 0x7f, 1, 0x7f])?,
                section::FUNCTION => add_to(content, &number(helper_type))?,
                section::TABLE => add_to(&add_to(content, &self.table())?, &table_of(self.lent.len() as u32))?,
                section::ELEMENT => {
                    let functions: Vec<u32> = sorted_by_number(&self.lent);
                    add_to(content, &elements(tables + 1, &functions))?
                }
                section::GLOBAL => add_to(content, &[0x7f, 1, 0x41, 0, 0x0b])?,
                section::EXPORT => {
                    let mut content = content.to_vec();
                    let mut export = |name: &str, kind: u8, index: u32| {
                        let mut item = Vec::new();
                        write_name(&mut item, name);
                        item.push(kind);
                        write_number(&mut item, index);
                        content = add_to(&content, &item)?;
                        Ok::<(), String>(())
                    };
                    // Functions in a table: thousands of names would be many bytes.
                    export(LENT, kind::TABLE, tables + 1)?;
                    export(&lent_name('m', 0), kind::MEMORY, 0)?;
                    for table in 0..=tables {
                        export(&lent_name('t', table), kind::TABLE, table)?;
                    }
                    for global in 0..globals {
                        export(&lent_name('g', global), kind::GLOBAL, global)?;
                    }
                    export(ARRIVED, kind::GLOBAL, globals)?;
                    content
                }
                section::CODE => self.first_code(helper, globals, tables)?,
                section::DATA => self.data_section(false)?,
                // Names of functions would now be wrong, and the optimiser drops them anyhow.
                section::CUSTOM if !is_features(content) => continue,
                _ => content.to_vec(),
            };
            write_section(&mut out, *id, &content);
        }
        Ok(out)
    }

    fn first_code(&self, helper: u32, arrived: u32, between: u32) -> Result<Vec<u8>> {
        let module = self.module;
        let mut code = number(module.bodies.len() as u32 + 1);
        for (at, body) in module.bodies.iter().enumerate() {
            let function = self.imported + at as u32;
            if self.of_first[at] {
                write_bytes(&mut code, body);
                continue;
            }
            let Some(slot) = self.ways.get(&function) else {
                // Nothing in this part knows it: the optimiser drops it.
                write_bytes(&mut code, &[0, 0x00, 0x0b]);
                continue;
            };
            let of = module.functions[at];
            let takes = module.types.get(of as usize).ok_or("a function of an unknown type")?.takes;
            let mut way = vec![0];
            for parameter in 0..takes.len() as u32 {
                way.push(0x20);
                write_number(&mut way, parameter);
            }
            way.push(0x41);
            write_signed(&mut way, i64::from(*slot));
            way.push(0x10);
            write_number(&mut way, helper);
            way.push(0x11);
            write_number(&mut way, of);
            write_number(&mut way, between);
            way.push(0x0b);
            write_bytes(&mut code, &way);
        }
        // helper(slot): if !arrived { fetch() }; slot
        let mut body = vec![0, 0x23];
        write_number(&mut body, arrived);
        body.extend([0x45, 0x04, 0x40, 0x10]);
        write_number(&mut body, self.fetch);
        body.extend([0x0b, 0x20, 0, 0x0b]);
        write_bytes(&mut code, &body);
        Ok(code)
    }

    fn rest(&self) -> Result<Vec<u8>> {
        let module = self.module;
        let mut out = Vec::from(*b"\0asm\x01\0\0\0");
        let own = || (0..).zip(&self.of_rest).filter(|(_, is_own)| **is_own).map(|(at, _): (u32, _)| at);
        // The numbers that functions have here.
        let mut here: BTreeMap<u32, u32> = self.lent.iter().map(|(function, lent)| (*function, *lent)).collect();
        for (place, at) in own().enumerate() {
            here.insert(self.imported + at, self.lent.len() as u32 + place as u32);
        }
        let here = |function: u32| here.get(&function).copied().ok_or("a function that is nowhere");

        for (id, content) in &module.sections {
            if *id == section::TYPE || (*id == section::CUSTOM && is_features(content)) {
                write_section(&mut out, *id, content);
            }
            if *id == section::TYPE {
                self.rest_imports(&mut out)?;
                let mut functions = number(own().count() as u32);
                own().for_each(|at| write_number(&mut functions, module.functions[at as usize]));
                write_section(&mut out, section::FUNCTION, &functions);
            }
            if *id == section::CODE {
                let between = module.imported(kind::TABLE) + module.tables.len() as u32;
                let ways =
                    sorted_by_number(&self.ways).into_iter().map(here).collect::<std::result::Result<Vec<_>, _>>()?;
                let mut all = number(1);
                all.extend(elements(between, &ways));
                write_section(&mut out, section::ELEMENT, &all);
                let mut code = number(own().count() as u32);
                for at in own() {
                    let body = module.bodies[at as usize];
                    let mut written = Vec::with_capacity(body.len());
                    let mut from = 0;
                    for (place, function) in &self.references[at as usize] {
                        written.extend(&body[from..place.start]);
                        write_number(&mut written, here(*function)?);
                        from = place.end;
                    }
                    written.extend(&body[from..]);
                    write_bytes(&mut code, &written);
                }
                write_section(&mut out, section::CODE, &code);
                write_section(&mut out, section::DATA, &self.data_section(true)?);
            }
        }
        Ok(out)
    }

    /// Everything with the number that it has in the first part, but functions, which are few.
    fn rest_imports(&self, out: &mut Vec<u8>) -> Result<()> {
        let module = self.module;
        let mut imports = Vec::new();
        let mut count = 0;
        let mut import = |name: &str, kind: u8, description: &[u8]| {
            write_name(&mut imports, if kind == kind::FUNCTION { LENT } else { "m" });
            write_name(&mut imports, name);
            imports.push(kind);
            imports.extend(description);
            count += 1;
        };
        for (place, function) in sorted_by_number(&self.lent).into_iter().enumerate() {
            import(&place.to_string(), kind::FUNCTION, &number(module.type_of(function)?));
        }
        let described =
            |kind: u8| module.imports.iter().filter(move |import| import.kind == kind).map(|it| it.description);
        let memory =
            described(kind::MEMORY).chain(module.memories.iter().copied()).next().ok_or("there is no memory")?;
        import(&lent_name('m', 0), kind::MEMORY, memory);
        let between = self.table();
        let tables = described(kind::TABLE).chain(module.tables.iter().copied()).chain([&between[..]]);
        for (table, description) in (0..).zip(tables) {
            import(&lent_name('t', table), kind::TABLE, description);
        }
        for (global, description) in (0..).zip(described(kind::GLOBAL).chain(module.globals.iter().copied())) {
            import(&lent_name('g', global), kind::GLOBAL, description);
        }
        let mut content = number(count);
        content.extend(imports);
        write_section(out, section::IMPORT, &content);
        Ok(())
    }
}

/// Adds to every stretch of a module (see outline.rs) that it sets a byte of its own, in a second memory, which is
/// exported: what was needed can then be read from outside.
pub fn count(module: &Module) -> Result<Vec<u8>> {
    let mut counters = 0;
    let mut code = number(module.bodies.len() as u32);
    for (at, body) in module.bodies.iter().enumerate() {
        let inside = Inside::read(module, at)?;
        let mut counted = Vec::new();
        let mut done = 0;
        let mut places: Vec<(usize, u32)> = inside.stretches().zip(counters..).collect();
        counters += places.len() as u32;
        places.sort_unstable();
        for (stretch, counter) in places {
            let place = inside.instructions[stretch].place.start;
            counted.extend(&body[done..place]);
            // i32.const 0, i32.const 1, i32.store8 in memory 1
            counted.extend([0x41, 0, 0x41, 1, 0x3a, 0x40, 1]);
            write_number(&mut counted, counter);
            done = place;
        }
        counted.extend(&body[done..]);
        write_bytes(&mut code, &counted);
    }
    let mut out = Vec::from(*b"\0asm\x01\0\0\0");
    for (id, content) in &module.sections {
        let content = match *id {
            section::MEMORY => {
                let mut memory = vec![0];
                write_number(&mut memory, counters.div_ceil(1 << 16));
                add_to(content, &memory)?
            }
            section::EXPORT => {
                let mut item = Vec::new();
                write_name(&mut item, COUNTERS);
                item.extend([kind::MEMORY, 1]);
                add_to(content, &item)?
            }
            section::CODE => std::mem::take(&mut code),
            _ => content.to_vec(),
        };
        write_section(&mut out, *id, &content);
    }
    Ok(out)
}

/// A table of so many functions.
fn table_of(count: u32) -> Vec<u8> {
    let mut table = vec![0x70, 0x01];
    write_number(&mut table, count);
    write_number(&mut table, count);
    table
}

/// Functions for a table, from its beginning on.
fn elements(table: u32, functions: &[u32]) -> Vec<u8> {
    let mut elements = vec![2];
    write_number(&mut elements, table);
    elements.extend([0x41, 0, 0x0b, 0x00]);
    write_number(&mut elements, functions.len() as u32);
    functions.iter().for_each(|function| write_number(&mut elements, *function));
    elements
}

fn sorted_by_number(functions: &BTreeMap<u32, u32>) -> Vec<u32> {
    let mut sorted: Vec<(u32, u32)> = functions.iter().map(|(function, number)| (*number, *function)).collect();
    sorted.sort_unstable();
    sorted.into_iter().map(|(_, function)| function).collect()
}

/// The names that the parts have for what they share.
fn lent_name(kind: char, number: u32) -> String {
    format!("{kind}{number:x}")
}

fn is_features(custom: &[u8]) -> bool {
    Reader::new(custom).name() == Ok("target_features")
}

/// One more item in a section that is a list.
fn add_to(section: &[u8], item: &[u8]) -> Result<Vec<u8>> {
    let reader = &mut Reader::new(section);
    let mut added = number(reader.number()? + 1);
    added.extend(&section[reader.at..]);
    added.extend(item);
    Ok(added)
}

fn number(number: u32) -> Vec<u8> {
    let mut out = Vec::new();
    write_number(&mut out, number);
    out
}

pub fn write_number(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub fn write_signed(out: &mut Vec<u8>, mut number: i64) {
    loop {
        let byte = number as u8 & 0x7f;
        number >>= 7;
        let done = (number == 0 && byte & 0x40 == 0) || (number == -1 && byte & 0x40 != 0);
        out.push(if done { byte } else { byte | 0x80 });
        if done {
            return;
        }
    }
}

pub fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_number(out, bytes.len() as u32);
    out.extend(bytes);
}

pub fn write_name(out: &mut Vec<u8>, name: &str) {
    write_bytes(out, name.as_bytes());
}

pub fn write_section(out: &mut Vec<u8>, id: u8, content: &[u8]) {
    out.push(id);
    write_bytes(out, content);
}
