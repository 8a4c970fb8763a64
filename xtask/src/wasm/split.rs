//! Divides a module into what the first paint needs, and the rest.
//!
//! Function by function: the body of a function of the rest is exchanged for a few instructions that fetch the rest if it
//! is not here yet and go on there, through a table. The rest is a module of its own that imports memory, tables, globals
//! and functions of the first one. So nothing in the program has to know of it, and a wrong guess at what comes first
//! costs time, never truth.

use std::collections::BTreeMap;

use super::constants::Constants;
use super::module::{Module, Reader, Result, kind, references, section};

/// The exported function that fetches the rest, synchronously: `platform::rest` in the page.
const FETCH: &str = "fetch_rest";
/// What the rest sets to 1 when it is here.
const ARRIVED: &str = "rest_arrived";
/// The table of functions of the first part that the rest uses.
const LENT: &str = "lent";
/// Smaller bodies are not worth a way to another module.
const SMALL: usize = 24;

pub struct Parts {
    pub first: Vec<u8>,
    pub rest: Vec<u8>,
    /// Functions in the first part and in the rest.
    pub functions: (usize, usize),
    /// Bytes of constants in the rest.
    pub constants: u32,
}

/// `is_first` tells by its name whether the first paint needs a function. `linked` are the functions' names in the
/// linker's module, in order.
pub fn split(bytes: &[u8], is_first: &dyn Fn(&str) -> bool, constants: &Constants, linked: &[&str]) -> Result<Parts> {
    let module = Module::read(bytes)?;
    let imported = module.imported(kind::FUNCTION);
    let fetch = module.exports.iter().find(|export| export.name == FETCH && export.kind == kind::FUNCTION);
    let fetch = fetch.ok_or_else(|| format!("the module does not export `{FETCH}`"))?.index;
    let names: BTreeMap<u32, &str> = module.names.iter().copied().collect();
    // A start function would run before anything could be fetched. The page has none.
    let is_rest: Vec<bool> = (imported..)
        .zip(&module.bodies)
        .map(|(function, body)| {
            body.len() > SMALL && function != fetch && names.get(&function).is_some_and(|name| !is_first(name))
        })
        .collect();
    let rests = |function: u32| function >= imported && is_rest[(function - imported) as usize];

    // Who refers to whom over the border.
    let bodies = module.bodies.iter().map(|body| references(body)).collect::<Result<Vec<_>>>()?;
    let mut ways: BTreeMap<u32, u32> = BTreeMap::new();
    let mut lent: BTreeMap<u32, u32> = BTreeMap::new();
    let mut wanted: Vec<u32> = module.elements.clone();
    wanted.extend(module.exports.iter().filter(|export| export.kind == kind::FUNCTION).map(|export| export.index));
    for (at, references) in bodies.iter().enumerate() {
        for (_, function) in references {
            if !is_rest[at] {
                wanted.push(*function);
            } else if !rests(*function) {
                let number = lent.len() as u32;
                lent.entry(*function).or_insert(number);
            }
        }
    }
    for function in wanted.into_iter().filter(|function| rests(*function)) {
        let slot = ways.len() as u32;
        ways.entry(function).or_insert(slot);
    }
    if linked.len() != module.bodies.len() || module.sections.iter().any(|(id, _)| *id == section::DATA_COUNT) {
        return Err("functions or data are not as the linker left them".to_owned());
    }
    let first: Vec<(&str, &[u8])> =
        (0..linked.len()).filter(|at| !is_rest[*at]).map(|at| (linked[at], module.bodies[at])).collect();
    let lost = constants.out_of_reach(&first)?;
    let split = Split { module: &module, imported, fetch, ways, lent, is_rest, references: bodies, lost };
    let moved = split.is_rest.iter().filter(|rest| **rest).count();
    let functions = (split.is_rest.len() - moved, moved);
    let constants = split.data(true)?.iter().map(|(_, bytes)| bytes.len() as u32).sum();
    Ok(Parts { first: split.first()?, rest: split.rest()?, functions, constants })
}

/// The names of the functions that are not imported, in order; empty where one has none.
pub fn names(bytes: &[u8]) -> Result<Vec<&str>> {
    let module = Module::read(bytes)?;
    let imported = module.imported(kind::FUNCTION);
    let names: BTreeMap<u32, &str> = module.names.iter().copied().collect();
    Ok((imported..)
        .zip(&module.bodies)
        .map(|(function, _)| names.get(&function).copied().unwrap_or_default())
        .collect())
}

struct Split<'a> {
    module: &'a Module<'a>,
    imported: u32,
    fetch: u32,
    /// Functions of the rest that the first part knows, and their place in the table between the parts.
    ways: BTreeMap<u32, u32>,
    /// Functions of the first part that the rest uses, and their place in the table `lent`.
    lent: BTreeMap<u32, u32>,
    /// By the place of the body.
    is_rest: Vec<bool>,
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
        let helper_type = module.parameters.len() as u32;
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
            if !self.is_rest[at] {
                write_bytes(&mut code, body);
                continue;
            }
            let Some(slot) = self.ways.get(&function) else {
                // Nothing in this part knows it: the optimiser drops it.
                write_bytes(&mut code, &[0, 0x00, 0x0b]);
                continue;
            };
            let of = module.functions[at];
            let parameters = module.parameters.get(of as usize).ok_or("a function of an unknown type")?;
            let mut way = vec![0];
            for parameter in 0..*parameters {
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
        let own = || (0..).zip(&self.is_rest).filter(|(_, rest)| **rest).map(|(at, _): (u32, _)| at);
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

/// Adds to every function of a module that it sets a global of its own, exported by the function's number: which
/// functions were needed can then be read from outside.
pub fn count(bytes: &[u8]) -> Result<Vec<u8>> {
    let module = Module::read(bytes)?;
    let globals = module.imported(kind::GLOBAL) + module.globals.len() as u32;
    let mut out = Vec::from(*b"\0asm\x01\0\0\0");
    for (id, content) in &module.sections {
        let mut content = content.to_vec();
        for at in 0..module.bodies.len() as u32 {
            match *id {
                section::GLOBAL => content = add_to(&content, &[0x7f, 1, 0x41, 0, 0x0b])?,
                section::EXPORT => {
                    let mut item = Vec::new();
                    write_name(&mut item, &lent_name('c', at));
                    item.push(kind::GLOBAL);
                    write_number(&mut item, globals + at);
                    content = add_to(&content, &item)?;
                }
                _ => {}
            }
        }
        if *id == section::CODE {
            content = number(module.bodies.len() as u32);
            for (at, body) in (0..).zip(&module.bodies) {
                let locals = {
                    let reader = &mut Reader::new(body);
                    for _ in 0..reader.number()? {
                        reader.number()?;
                        reader.byte()?;
                    }
                    reader.at
                };
                let mut counted = body[..locals].to_vec();
                counted.extend([0x41, 1, 0x24]);
                write_number(&mut counted, globals + at);
                counted.extend(&body[locals..]);
                write_bytes(&mut content, &counted);
            }
        }
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

fn write_number(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn write_signed(out: &mut Vec<u8>, mut number: i64) {
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

fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_number(out, bytes.len() as u32);
    out.extend(bytes);
}

fn write_name(out: &mut Vec<u8>, name: &str) {
    write_bytes(out, name.as_bytes());
}

fn write_section(out: &mut Vec<u8>, id: u8, content: &[u8]) {
    out.push(id);
    write_bytes(out, content);
}
