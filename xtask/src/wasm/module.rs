//! A WebAssembly module, read as far as splitting it needs: where the functions are and what each refers to.
//!
//! Whatever is not understood is an error, never a guess: the page can always be built in one piece.

use std::ops::Range;

pub type Result<T> = std::result::Result<T, String>;

/// Numbers of sections.
pub mod section {
    pub const CUSTOM: u8 = 0;
    pub const TYPE: u8 = 1;
    pub const IMPORT: u8 = 2;
    pub const FUNCTION: u8 = 3;
    pub const TABLE: u8 = 4;
    pub const MEMORY: u8 = 5;
    pub const GLOBAL: u8 = 6;
    pub const EXPORT: u8 = 7;
    pub const ELEMENT: u8 = 9;
    pub const CODE: u8 = 10;
    pub const DATA: u8 = 11;
    pub const DATA_COUNT: u8 = 12;
}

/// What can be imported and exported.
pub mod kind {
    pub const FUNCTION: u8 = 0;
    pub const TABLE: u8 = 1;
    pub const MEMORY: u8 = 2;
    pub const GLOBAL: u8 = 3;
}

/// Bytes with a place in them.
pub struct Reader<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, at: 0 }
    }

    pub fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub fn byte(&mut self) -> Result<u8> {
        let byte = *self.bytes.get(self.at).ok_or("the module ends early")?;
        self.at += 1;
        Ok(byte)
    }

    /// A number in LEB128.
    pub fn number(&mut self) -> Result<u32> {
        let mut number = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(number).map_err(|_| "a number is too large".to_owned());
            }
        }
        Err("a number is too long".to_owned())
    }

    /// A number with a sign in LEB128.
    pub fn signed(&mut self) -> Result<i64> {
        let mut number = 0i64;
        let mut shift = 0;
        loop {
            let byte = self.byte()?;
            number |= i64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return Ok(if byte & 0x40 != 0 && shift < 64 { number | (-1 << shift) } else { number });
            }
            if shift > 63 {
                return Err("a number is too long".to_owned());
            }
        }
    }

    fn skip_number(&mut self) -> Result<()> {
        while self.byte()? & 0x80 != 0 {}
        Ok(())
    }

    pub fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let bytes = self.bytes.get(self.at..self.at + length).ok_or("the module ends early")?;
        self.at += length;
        Ok(bytes)
    }

    pub fn name(&mut self) -> Result<&'a str> {
        let length = self.number()? as usize;
        std::str::from_utf8(self.take(length)?).map_err(|error| error.to_string())
    }

    /// The bytes that `read` passes over.
    fn passed(&mut self, read: impl FnOnce(&mut Self) -> Result<()>) -> Result<&'a [u8]> {
        let begin = self.at;
        read(self)?;
        Ok(&self.bytes[begin..self.at])
    }

    fn skip_limits(&mut self) -> Result<()> {
        let flags = self.byte()?;
        self.skip_number()?;
        if flags & 1 != 0 {
            self.skip_number()?;
        }
        if flags > 3 { Err("a memory of an unknown kind".to_owned()) } else { Ok(()) }
    }
}

pub struct Import<'a> {
    pub from: &'a str,
    pub name: &'a str,
    pub kind: u8,
    /// The type of a function; the description of anything else.
    pub of: u32,
    pub description: &'a [u8],
}

pub struct Export<'a> {
    pub name: &'a str,
    pub kind: u8,
    pub index: u32,
}

/// A function's type: the types of what it takes and gives.
#[derive(Clone, Copy, PartialEq)]
pub struct Type<'a> {
    pub takes: &'a [u8],
    pub gives: &'a [u8],
}

#[derive(Default)]
pub struct Module<'a> {
    /// Every section as it is, in order.
    pub sections: Vec<(u8, &'a [u8])>,
    pub types: Vec<Type<'a>>,
    pub imports: Vec<Import<'a>>,
    /// The types of the functions that are not imported.
    pub functions: Vec<u32>,
    pub tables: Vec<&'a [u8]>,
    pub memories: Vec<&'a [u8]>,
    /// The type and whether it can be written, of the globals that are not imported.
    pub globals: Vec<&'a [u8]>,
    pub exports: Vec<Export<'a>>,
    /// The functions that stand in tables or constants.
    pub elements: Vec<u32>,
    pub bodies: Vec<&'a [u8]>,
    /// By the function's number, imported ones included.
    pub names: Vec<(u32, &'a str)>,
}

impl<'a> Module<'a> {
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        let mut module = Module::default();
        let mut reader = Reader::new(bytes);
        if reader.take(8)? != b"\0asm\x01\0\0\0" {
            return Err("this is no WebAssembly module".to_owned());
        }
        while !reader.is_at_end() {
            let id = reader.byte()?;
            let length = reader.number()? as usize;
            let content = reader.take(length)?;
            module.sections.push((id, content));
            module.section(id, content)?;
        }
        if module.functions.len() != module.bodies.len() {
            return Err("there are not as many functions as bodies".to_owned());
        }
        Ok(module)
    }

    pub fn section(&mut self, id: u8, content: &'a [u8]) -> Result<()> {
        let reader = &mut Reader::new(content);
        if id == section::CUSTOM {
            if reader.name()? == "name" {
                self.read_names(reader)?;
            }
            return Ok(());
        }
        if !(section::TYPE..=section::CODE).contains(&id) || id == 8 {
            return Ok(());
        }
        for _ in 0..reader.number()? {
            match id {
                section::TYPE => {
                    if reader.byte()? != 0x60 {
                        return Err("a type that is not a function's".to_owned());
                    }
                    let count = reader.number()?;
                    let takes = reader.take(count as usize)?;
                    let count = reader.number()?;
                    let gives = reader.take(count as usize)?;
                    self.types.push(Type { takes, gives });
                }
                section::IMPORT => {
                    let (from, name) = (reader.name()?, reader.name()?);
                    let kind = reader.byte()?;
                    let mut of = 0;
                    let description = reader.passed(|reader| match kind {
                        kind::FUNCTION => {
                            of = reader.number()?;
                            Ok(())
                        }
                        kind::TABLE => reader.byte().and_then(|_| reader.skip_limits()),
                        kind::MEMORY => reader.skip_limits(),
                        kind::GLOBAL => reader.take(2).map(drop),
                        _ => Err("an import of an unknown kind".to_owned()),
                    })?;
                    self.imports.push(Import { from, name, kind, of, description });
                }
                section::FUNCTION => self.functions.push(reader.number()?),
                section::TABLE => {
                    self.tables.push(reader.passed(|reader| {
                        let plain = matches!(reader.byte()?, 0x6f | 0x70);
                        if plain { reader.skip_limits() } else { Err("a table of an unknown kind".to_owned()) }
                    })?);
                }
                section::MEMORY => self.memories.push(reader.passed(Reader::skip_limits)?),
                section::GLOBAL => {
                    self.globals.push(reader.take(2)?);
                    self.constant(reader)?;
                }
                section::EXPORT => {
                    let name = reader.name()?;
                    let kind = reader.byte()?;
                    let index = reader.number()?;
                    self.exports.push(Export { name, kind, index });
                }
                section::ELEMENT => self.read_elements(reader)?,
                section::CODE => {
                    let length = reader.number()? as usize;
                    self.bodies.push(reader.take(length)?);
                }
                _ => return Err(format!("a section of the unknown kind {id}")),
            }
        }
        Ok(())
    }

    fn constant(&mut self, reader: &mut Reader<'a>) -> Result<()> {
        self.elements.extend(expression(reader)?.into_iter().filter_map(|instruction| match instruction.argument {
            Argument::Function(function, _) => Some(function),
            _ => None,
        }));
        Ok(())
    }

    fn read_elements(&mut self, reader: &mut Reader<'a>) -> Result<()> {
        let flags = reader.number()?;
        if flags > 7 {
            return Err("elements of an unknown kind".to_owned());
        }
        if flags & 0b11 == 0b10 {
            reader.number()?;
        }
        if flags & 1 == 0 {
            self.constant(reader)?;
        }
        if flags & 0b11 != 0 {
            reader.byte()?;
        }
        for _ in 0..reader.number()? {
            if flags & 0b100 == 0 {
                self.elements.push(reader.number()?);
            } else {
                self.constant(reader)?;
            }
        }
        Ok(())
    }

    fn read_names(&mut self, reader: &mut Reader<'a>) -> Result<()> {
        while !reader.is_at_end() {
            let of = reader.byte()?;
            let length = reader.number()? as usize;
            let part = &mut Reader::new(reader.take(length)?);
            if of == 1 {
                for _ in 0..part.number()? {
                    self.names.push((part.number()?, part.name()?));
                }
            }
        }
        Ok(())
    }

    /// How many imports there are of a kind: so many numbers come before those of the module's own.
    pub fn imported(&self, kind: u8) -> u32 {
        self.imports.iter().filter(|import| import.kind == kind).count() as u32
    }

    pub fn type_of(&self, function: u32) -> Result<u32> {
        let imports = self.imports.iter().filter(|import| import.kind == kind::FUNCTION).map(|import| import.of);
        let mut types = imports.chain(self.functions.iter().copied());
        types.nth(function as usize).ok_or_else(|| format!("there is no function {function}"))
    }
}

/// One instruction of a function.
pub struct Instruction {
    /// Those of two parts as the first one times 256 and the second one.
    pub opcode: u16,
    pub place: Range<usize>,
    pub argument: Argument,
}

pub enum Argument {
    /// None, or one that is of no interest here.
    None,
    /// What a block, loop or if gives: a type, or the number of a function's type.
    Gives(i64),
    /// How many levels outwards a branch goes; the last one is what `br_table` does otherwise.
    Labels(Vec<u32>),
    /// A function, and the place of its number.
    Function(u32, Range<usize>),
    /// The type of what is called.
    Type(u32),
    Local(u32),
    /// What may be an address.
    Address(u32),
}

/// The opcodes that mean something to whoever divides functions.
pub mod opcode {
    pub const UNREACHABLE: u16 = 0x00;
    pub const BLOCK: u16 = 0x02;
    pub const LOOP: u16 = 0x03;
    pub const IF: u16 = 0x04;
    pub const ELSE: u16 = 0x05;
    pub const END: u16 = 0x0b;
    pub const BR: u16 = 0x0c;
    pub const BR_IF: u16 = 0x0d;
    pub const BR_TABLE: u16 = 0x0e;
    pub const RETURN: u16 = 0x0f;
    pub const CALL: u16 = 0x10;
    pub const CALL_INDIRECT: u16 = 0x11;
    pub const LOCAL_GET: u16 = 0x20;
    pub const LOCAL_SET: u16 = 0x21;
}

/// How many locals there are of which type, without parameters.
pub type Locals = Vec<(u32, u8)>;

/// The locals and the instructions of a function's body.
pub fn body(bytes: &[u8]) -> Result<(Locals, Vec<Instruction>)> {
    let reader = &mut Reader::new(bytes);
    let mut locals = Vec::new();
    for _ in 0..reader.number()? {
        locals.push((reader.number()?, reader.byte()?));
    }
    let instructions = expression(reader)?;
    if !reader.is_at_end() {
        return Err("a function goes on after its end".to_owned());
    }
    Ok((locals, instructions))
}

/// The places in a function's body at which the number of a function stands.
pub fn references(bytes: &[u8]) -> Result<Vec<(Range<usize>, u32)>> {
    let references = body(bytes)?.1.into_iter().filter_map(|instruction| match instruction.argument {
        Argument::Function(function, place) => Some((place, function)),
        _ => None,
    });
    Ok(references.collect())
}

/// The numbers in a function's body that may be addresses.
pub fn addresses(bytes: &[u8]) -> Result<Vec<u32>> {
    let addresses = body(bytes)?.1.into_iter().filter_map(|instruction| match instruction.argument {
        Argument::Address(address) => Some(address),
        _ => None,
    });
    Ok(addresses.collect())
}

/// Instructions until the end of what they are the inside of, with that end.
fn expression(reader: &mut Reader) -> Result<Vec<Instruction>> {
    let mut instructions = Vec::new();
    let mut depth = 1;
    while depth > 0 {
        let instruction = instruction(reader)?;
        match instruction.opcode {
            opcode::BLOCK | opcode::LOOP | opcode::IF => depth += 1,
            opcode::END => depth -= 1,
            _ => {}
        }
        instructions.push(instruction);
    }
    Ok(instructions)
}

fn instruction(reader: &mut Reader) -> Result<Instruction> {
    let begin = reader.at;
    let mut opcode = u16::from(reader.byte()?);
    let mut argument = Argument::None;
    match opcode {
        // block, loop, if
        0x02..=0x04 => argument = Argument::Gives(reader.signed()?),
        // br, br_if
        0x0c | 0x0d => argument = Argument::Labels(vec![reader.number()?]),
        // br_table
        0x0e => {
            let count = reader.number()?;
            argument = Argument::Labels((0..=count).map(|_| reader.number()).collect::<Result<_>>()?);
        }
        // call, ref.func
        0x10 | 0xd2 => {
            let begin = reader.at;
            let function = reader.number()?;
            argument = Argument::Function(function, begin..reader.at);
        }
        // call_indirect
        0x11 => {
            argument = Argument::Type(reader.number()?);
            reader.skip_number()?;
        }
        // unreachable, nop, else, end, return, drop, select, ref.is_null; comparing, reckoning, converting
        0x00 | 0x01 | 0x05 | 0x0b | 0x0f | 0x1a | 0x1b | 0xd1 | 0x45..=0xc4 => {}
        0x20..=0x22 => argument = Argument::Local(reader.number()?),
        // global, table.get, table.set, memory.size, memory.grow, i64.const, ref.null
        0x23..=0x26 | 0x3f | 0x40 | 0x42 | 0xd0 => reader.skip_number()?,
        // i32.const
        0x41 => argument = Argument::Address(reader.signed()? as u32),
        // loading and storing
        0x28..=0x3e => {
            reader.skip_number()?;
            argument = Argument::Address(reader.number()?);
        }
        // select with types
        0x1c => {
            let count = reader.number()?;
            reader.take(count as usize)?;
        }
        // f32.const, f64.const
        0x43 => drop(reader.take(4)?),
        0x44 => drop(reader.take(8)?),
        0xfc => {
            let second = reader.number()?;
            let numbers = match second {
                // converting without traps
                0..=7 => 0,
                // data.drop, memory.fill, elem.drop, table.grow, table.size, table.fill
                9 | 11 | 13 | 15..=17 => 1,
                // memory.init, memory.copy, table.init, table.copy
                8 | 10 | 12 | 14 => 2,
                other => return Err(format!("the unknown instruction 0xfc {other:#x}")),
            };
            for _ in 0..numbers {
                reader.skip_number()?;
            }
            opcode = 0xfc00 | second as u16;
        }
        other => return Err(format!("the unknown instruction {other:#x}")),
    }
    Ok(Instruction { opcode, place: begin..reader.at, argument })
}
