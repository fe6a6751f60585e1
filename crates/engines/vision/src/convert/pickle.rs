//! Python's pickles, as far as lists of tensors need them. A pickle is a program; this one knows no
//! instruction that could do anything but put values together, and calls nothing by name except what
//! [`Call`] lists.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

/// A value of a pickle.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// `None`, `True` and `False`: nothing that is read depends on them.
    Nothing,
    Int(i64),
    Text(Rc<str>),
    Tuple(Rc<[Value]>),
    List(Rc<RefCell<Vec<Value>>>),
    Dict(Rc<RefCell<Vec<(Value, Value)>>>),
    Name(Rc<str>),
    /// What PyTorch keeps outside of the pickle: numbers, by a key.
    Storage {
        key: Rc<str>,
        kind: Rc<str>,
        count: usize,
    },
    Tensor(Rc<RawTensor>),
}

/// A view of a storage.
#[derive(Clone, Debug)]
pub(super) struct RawTensor {
    pub(super) key: Rc<str>,
    pub(super) kind: Rc<str>,
    pub(super) count: usize,
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
}

/// Why a pickle is not read.
pub(super) type Refusal = String;

/// The only names that may be called.
enum Call {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
}

impl Call {
    fn named(name: &str) -> Result<Self, Refusal> {
        match name {
            "collections.OrderedDict" => Ok(Self::OrderedDict),
            "torch._utils._rebuild_tensor_v2" => Ok(Self::RebuildTensor),
            "torch._utils._rebuild_parameter" => Ok(Self::RebuildParameter),
            other => Err(format!(
                "it would call `{other}`, which is not for lists of weights"
            )),
        }
    }
}

/// One pickle after another of a file.
pub(super) struct Unpickler<'a> {
    pub(super) rest: &'a [u8],
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: BTreeMap<usize, Value>,
}

fn cut() -> Refusal {
    "it is cut short or damaged".to_owned()
}

impl<'a> Unpickler<'a> {
    pub(super) fn new(file: &'a [u8]) -> Self {
        Self {
            rest: file,
            stack: Vec::new(),
            marks: Vec::new(),
            memo: BTreeMap::new(),
        }
    }

    /// The next pickle.
    pub(super) fn next(&mut self) -> Result<Value, Refusal> {
        self.stack.clear();
        self.marks.clear();
        self.memo.clear();
        loop {
            let code = self.take(1)?[0];
            if code == b'.' {
                return self.pop();
            }
            self.instruction(code)?;
        }
    }

    fn instruction(&mut self, code: u8) -> Result<(), Refusal> {
        match code {
            0x80 | b'K' | b'h' | b'q' | 0x8a => self.with_byte(code)?,
            b'J' => {
                let int = i32::from_le_bytes(self.array()?);
                self.stack.push(Value::Int(int.into()));
            }
            b'M' => {
                let int = u16::from_le_bytes(self.array()?);
                self.stack.push(Value::Int(int.into()));
            }
            b'X' => {
                let length = u32::from_le_bytes(self.array()?);
                let bytes = self.take(length as usize)?;
                let text = std::str::from_utf8(bytes).map_err(|_| cut())?;
                self.stack.push(Value::Text(text.into()));
            }
            b'j' | b'r' => {
                let at = u32::from_le_bytes(self.array()?) as usize;
                if code == b'j' {
                    self.recall(at)?;
                } else {
                    self.remember(at)?;
                }
            }
            b'c' => {
                let module = self.line()?;
                let name = self.line()?;
                self.stack.push(Value::Name(format!("{module}.{name}").into()));
            }
            b'N' | 0x88 | 0x89 => self.stack.push(Value::Nothing),
            b'}' => self.stack.push(Value::Dict(Rc::default())),
            b']' => self.stack.push(Value::List(Rc::default())),
            b')' => self.stack.push(Value::Tuple(Rc::new([]))),
            b'(' => self.marks.push(self.stack.len()),
            b't' | 0x85 | 0x86 | 0x87 => {
                let items = match code {
                    b't' => self.marked()?,
                    few => self.last(usize::from(few - 0x84))?,
                };
                self.stack.push(Value::Tuple(items.into()));
            }
            b's' | b'u' => {
                let items = if code == b'u' {
                    self.marked()?
                } else {
                    self.last(2)?
                };
                self.set(&items)?;
            }
            b'a' | b'e' => {
                let items = if code == b'e' {
                    self.marked()?
                } else {
                    self.last(1)?
                };
                let Some(Value::List(list)) = self.stack.last() else {
                    return Err(cut());
                };
                list.borrow_mut().extend(items);
            }
            b'Q' => {
                let id = self.pop()?;
                self.stack.push(storage(&id)?);
            }
            b'R' => {
                let [call, arguments] = self.pair()?;
                self.stack.push(reduce(&call, &arguments)?);
            }
            // What an ordered dictionary carries beside its items is of no use here.
            b'b' => drop(self.pop()?),
            other => {
                return Err(format!(
                    "it has the instruction {other:#04x}, which is not for lists of weights"
                ));
            }
        }
        Ok(())
    }

    fn with_byte(&mut self, code: u8) -> Result<(), Refusal> {
        let byte = self.take(1)?[0];
        match code {
            b'K' => self.stack.push(Value::Int(byte.into())),
            b'h' => self.recall(byte.into())?,
            b'q' => self.remember(byte.into())?,
            0x8a => {
                let bytes = self.take(byte.into())?;
                // Larger ones are magic numbers, of which the low bytes are enough.
                let mut low = [0; 8];
                let known = bytes.len().min(8);
                low[..known].copy_from_slice(&bytes[..known]);
                self.stack.push(Value::Int(i64::from_le_bytes(low)));
            }
            _protocol => {}
        }
        Ok(())
    }

    fn remember(&mut self, at: usize) -> Result<(), Refusal> {
        let top = self.stack.last().cloned().ok_or_else(cut)?;
        self.memo.insert(at, top);
        Ok(())
    }

    fn recall(&mut self, at: usize) -> Result<(), Refusal> {
        self.stack.push(self.memo.get(&at).cloned().ok_or_else(cut)?);
        Ok(())
    }

    fn set(&mut self, items: &[Value]) -> Result<(), Refusal> {
        let Some(Value::Dict(dict)) = self.stack.last() else {
            return Err(cut());
        };
        let pairs = items.as_chunks::<2>().0.iter();
        dict.borrow_mut()
            .extend(pairs.map(|[key, value]| (key.clone(), value.clone())));
        Ok(())
    }

    fn marked(&mut self) -> Result<Vec<Value>, Refusal> {
        let mark = self.marks.pop().filter(|mark| *mark <= self.stack.len());
        Ok(self.stack.split_off(mark.ok_or_else(cut)?))
    }

    fn last(&mut self, count: usize) -> Result<Vec<Value>, Refusal> {
        let from = self.stack.len().checked_sub(count).ok_or_else(cut)?;
        Ok(self.stack.split_off(from))
    }

    fn pair(&mut self) -> Result<[Value; 2], Refusal> {
        self.last(2)?.try_into().map_err(|_| cut())
    }

    fn pop(&mut self) -> Result<Value, Refusal> {
        self.stack.pop().ok_or_else(cut)
    }

    fn line(&mut self) -> Result<&'a str, Refusal> {
        let end = self.rest.iter().position(|byte| *byte == b'\n').ok_or_else(cut)?;
        let line = self.take(end)?;
        self.take(1)?;
        std::str::from_utf8(line).map_err(|_| cut())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        self.take(N)?.try_into().map_err(|_| cut())
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Refusal> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(cut)?;
        self.rest = rest;
        Ok(taken)
    }
}

/// `("storage", type, key, device, count, view)`.
fn storage(id: &Value) -> Result<Value, Refusal> {
    let Value::Tuple(id) = id else { return Err(cut()) };
    match &id[..] {
        [
            Value::Text(word),
            Value::Name(kind),
            Value::Text(key),
            Value::Text(_),
            Value::Int(count),
            ..,
        ] if &**word == "storage" => Ok(Value::Storage {
            key: Rc::clone(key),
            kind: Rc::clone(kind),
            count: usize::try_from(*count).map_err(|_| cut())?,
        }),
        _ => Err(cut()),
    }
}

fn reduce(call: &Value, arguments: &Value) -> Result<Value, Refusal> {
    let (Value::Name(name), Value::Tuple(arguments)) = (call, arguments) else {
        return Err(cut());
    };
    match (Call::named(name)?, &arguments[..]) {
        (Call::OrderedDict, []) => Ok(Value::Dict(Rc::default())),
        (Call::RebuildParameter, [tensor, ..]) => Ok(tensor.clone()),
        (
            Call::RebuildTensor,
            [
                Value::Storage { key, kind, count },
                Value::Int(offset),
                Value::Tuple(shape),
                Value::Tuple(strides),
                ..,
            ],
        ) => Ok(Value::Tensor(Rc::new(RawTensor {
            key: Rc::clone(key),
            kind: Rc::clone(kind),
            count: *count,
            offset: usize::try_from(*offset).map_err(|_| cut())?,
            shape: sizes(shape)?,
            strides: sizes(strides)?,
        }))),
        _ => Err(cut()),
    }
}

fn sizes(values: &[Value]) -> Result<Vec<usize>, Refusal> {
    let size = |value: &Value| match value {
        Value::Int(size) => usize::try_from(*size).ok(),
        _ => None,
    };
    values.iter().map(size).collect::<Option<_>>().ok_or_else(cut)
}
