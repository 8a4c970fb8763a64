//! Which constants the functions of the first part can reach. The others come with the rest.
//!
//! The linker is asked to leave its relocations in the module: they tell of every place in code and data at which the
//! address of something stands. wasm-bindgen changes the code, but neither the names of functions nor addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::module::{Reader, Result, addresses, kind, section};

/// A constant: where it is in memory.
type Constant = Range<u32>;

/// What the linker's module says of constants.
#[derive(Default)]
pub struct Constants<'a> {
    /// Of the read-only ones, by their place in the list of symbols.
    symbols: BTreeMap<u32, Constant>,
    /// The names of all functions.
    functions: BTreeSet<&'a str>,
    /// The addresses that stand in a function, by its name, and the symbols that they are of.
    of_function: BTreeMap<&'a str, BTreeSet<(u32, u32)>>,
    /// The symbols that a constant refers to, by its address.
    of_data: BTreeMap<u32, BTreeSet<u32>>,
}

struct Segment<'a> {
    /// In the section's content.
    begin: u32,
    address: u32,
    length: u32,
    name: &'a str,
}

impl<'a> Constants<'a> {
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        let mut sections = Vec::new();
        let mut reader = Reader::new(bytes);
        reader.take(8)?;
        while !reader.is_at_end() {
            let id = reader.byte()?;
            let length = reader.number()? as usize;
            sections.push((id, reader.take(length)?));
        }
        let custom = |wanted: &str| {
            sections.iter().filter(|(id, _)| *id == section::CUSTOM).find_map(|(_, content)| {
                let mut reader = Reader::new(content);
                (reader.name() == Ok(wanted)).then_some(reader)
            })
        };
        let content = |wanted: u8| sections.iter().find(|(id, _)| *id == wanted).map(|(_, content)| *content);
        let names = custom("name").ok_or("the module has no names")?;
        let linking = custom("linking").ok_or("the linker has left no relocations")?;
        let (function_names, segment_names) = read_names(names)?;
        let segments = read_segments(content(section::DATA).ok_or("there is no data")?, &segment_names)?;
        let bodies = read_bodies(content(section::CODE).ok_or("there is no code")?)?;
        let imported = count_imported(content(section::IMPORT).ok_or("there are no imports")?)?;

        let functions = function_names.values().copied().collect();
        let mut constants = Constants { symbols: read_symbols(linking, &segments)?, functions, ..Constants::default() };
        for (at, symbol, added) in read_relocations(custom("reloc.CODE").ok_or("the code has no relocations")?)? {
            let body = bodies.partition_point(|body| body.start <= at).checked_sub(1);
            let body = body.filter(|body| bodies[*body].contains(&at)).ok_or("a relocation outside of functions")?;
            if let Some(constant) = constants.symbols.get(&symbol) {
                let address = constant.start.wrapping_add(added as u32);
                let name = function_names.get(&(imported + body as u32)).copied().unwrap_or_default();
                constants.of_function.entry(name).or_default().insert((address, symbol));
            }
        }
        if let Some(relocations) = custom("reloc.DATA") {
            for (at, symbol, _) in read_relocations(relocations)? {
                let segment = segments.iter().find(|it| (it.begin..it.begin + it.length).contains(&at));
                let segment = segment.ok_or("a relocation outside of data")?;
                if constants.symbols.contains_key(&symbol) {
                    let address = segment.address + (at - segment.begin);
                    constants.of_data.entry(address).or_default().insert(symbol);
                }
            }
        }
        Ok(constants)
    }

    /// The constants that nothing of these functions can reach, in order. A function is given by its name and its body,
    /// which may be less than the linker's, and is all there is where the linker does not know the name. What stands in memory that can be written is
    /// always within reach, and so is what it refers to.
    pub fn out_of_reach(&self, functions: &[(&str, &[u8])]) -> Result<Vec<Constant>> {
        let mut reached: BTreeSet<u32> = BTreeSet::new();
        let mut next: Vec<u32> = Vec::new();
        for (name, body) in functions {
            if let Some(symbols) = self.of_function.get(name) {
                let here: BTreeSet<u32> = addresses(body)?.into_iter().collect();
                next.extend(symbols.iter().filter(|(address, _)| here.contains(address)).map(|(_, symbol)| *symbol));
            } else if !self.functions.contains(name) {
                for address in addresses(body)? {
                    let at = self.symbols.iter().filter(|(_, constant)| constant.contains(&address));
                    next.extend(at.map(|(symbol, _)| *symbol));
                }
            }
        }
        let within: Vec<&Constant> = self.symbols.values().collect();
        let is_constant = |address: u32| within.iter().any(|constant| constant.contains(&address));
        next.extend(self.of_data.iter().filter(|(address, _)| !is_constant(**address)).flat_map(|(_, to)| to));
        while let Some(symbol) = next.pop() {
            if reached.insert(symbol)
                && let Some(constant) = self.symbols.get(&symbol)
            {
                next.extend(self.of_data.range(constant.clone()).flat_map(|(_, to)| to));
            }
        }
        // Constants may lie within each other.
        let kept: Vec<&Constant> = reached.iter().filter_map(|symbol| self.symbols.get(symbol)).collect();
        let touches = |one: &Constant| kept.iter().any(|other| one.start < other.end && other.start < one.end);
        let mut lost: Vec<Constant> = self
            .symbols
            .iter()
            .filter(|(symbol, constant)| !reached.contains(symbol) && !touches(constant))
            .map(|(_, constant)| constant.clone())
            .collect();
        lost.sort_by_key(|constant| (constant.start, constant.end));
        Ok(lost)
    }
}

type Names<'a> = BTreeMap<u32, &'a str>;

fn read_names<'a>(mut reader: Reader<'a>) -> Result<(Names<'a>, Names<'a>)> {
    let (mut functions, mut segments) = (Names::new(), Names::new());
    while !reader.is_at_end() {
        let of = reader.byte()?;
        let length = reader.number()? as usize;
        let mut part = Reader::new(reader.take(length)?);
        let names = match of {
            1 => &mut functions,
            9 => &mut segments,
            _ => continue,
        };
        for _ in 0..part.number()? {
            names.insert(part.number()?, part.name()?);
        }
    }
    Ok((functions, segments))
}

fn read_segments<'a>(content: &[u8], names: &Names<'a>) -> Result<Vec<Segment<'a>>> {
    let mut reader = Reader::new(content);
    let mut segments = Vec::new();
    for index in 0..reader.number()? {
        // Active, in the first memory: i32.const ADDRESS end.
        if reader.number()? != 0 || reader.byte()? != 0x41 {
            return Err("data of an unknown kind".to_owned());
        }
        let address = reader.signed()? as u32;
        if reader.byte()? != 0x0b {
            return Err("data at an unknown place".to_owned());
        }
        let length = reader.number()?;
        let begin = reader.at as u32;
        reader.take(length as usize)?;
        let name = names.get(&index).copied().unwrap_or_default();
        segments.push(Segment { begin, address, length, name });
    }
    Ok(segments)
}

/// Where the functions' bodies are in the code section.
fn read_bodies(content: &[u8]) -> Result<Vec<Range<u32>>> {
    let mut reader = Reader::new(content);
    let mut bodies = Vec::new();
    for _ in 0..reader.number()? {
        let length = reader.number()?;
        let begin = reader.at as u32;
        reader.take(length as usize)?;
        bodies.push(begin..begin + length);
    }
    Ok(bodies)
}

fn count_imported(content: &[u8]) -> Result<u32> {
    let mut module = super::module::Module::default();
    module.section(section::IMPORT, content)?;
    Ok(module.imported(kind::FUNCTION))
}

/// The read-only constants among the symbols.
fn read_symbols(mut linking: Reader, segments: &[Segment]) -> Result<BTreeMap<u32, Constant>> {
    const SYMBOLS: u8 = 8;
    const UNDEFINED: u32 = 0x10;
    const NAMED: u32 = 0x40;
    let mut constants = BTreeMap::new();
    linking.number()?;
    while !linking.is_at_end() {
        let of = linking.byte()?;
        let length = linking.number()? as usize;
        let mut part = Reader::new(linking.take(length)?);
        if of != SYMBOLS {
            continue;
        }
        for symbol in 0..part.number()? {
            let kind = part.byte()?;
            let flags = part.number()?;
            match kind {
                // Functions, globals, tags, tables
                0 | 2 | 4 | 5 => {
                    part.number()?;
                    if flags & UNDEFINED == 0 || flags & NAMED != 0 {
                        part.name()?;
                    }
                }
                1 => {
                    part.name()?;
                    if flags & UNDEFINED == 0 {
                        let (segment, offset, size) = (part.number()?, part.number()?, part.number()?);
                        if let Some(segment) = segments.get(segment as usize)
                            && segment.name == ".rodata"
                            && size > 0
                            && offset + size <= segment.length
                        {
                            let begin = segment.address + offset;
                            constants.insert(symbol, begin..begin + size);
                        }
                    }
                }
                3 => drop(part.number()?),
                other => return Err(format!("a symbol of the unknown kind {other}")),
            }
        }
    }
    Ok(constants)
}

/// Places, the symbols whose addresses stand there, and what is added to them.
fn read_relocations(mut reader: Reader) -> Result<Vec<(u32, u32, i64)>> {
    reader.number()?;
    let mut places = Vec::new();
    for _ in 0..reader.number()? {
        let kind = reader.byte()?;
        let at = reader.number()?;
        let symbol = reader.number()?;
        match kind {
            // Addresses of data.
            3..=5 | 11 | 14..=17 | 21 | 23 => places.push((at, symbol, reader.signed()?)),
            // Offsets in code and sections, for debugging.
            8 | 9 | 22 => drop(reader.signed()?),
            0..=2 | 6 | 7 | 10 | 12 | 13 | 18..=20 | 24..=26 => {}
            other => return Err(format!("a relocation of the unknown kind {other}")),
        }
    }
    Ok(places)
}
