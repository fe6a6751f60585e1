//! An ONNX file to a graph. Field numbers are those of `onnx.proto`.

use busbar_core::{Error, ErrorKind, Result};

use super::{
    Attribute, Graph, Node, Tensor,
    graph::Values,
    protobuf::{Broken, Fields, Value, varint},
};

/// ONNX's numbers of element types.
const FLOAT: u64 = 1;
const INT32: u64 = 6;
const INT64: u64 = 7;

impl Graph {
    /// From the bytes of an ONNX file.
    ///
    /// # Errors
    /// `Unavailable` where they are none.
    pub fn read(file: &[u8]) -> Result<Self> {
        let broken = |_| {
            Error::new(
                ErrorKind::Unavailable,
                "the model is damaged: it is no ONNX file, or a part of one",
            )
        };
        let mut graph = None;
        for field in Fields(file) {
            if let (7, Value::Bytes(bytes)) = field.map_err(broken)? {
                graph = Some(read_graph(bytes).map_err(broken)?);
            }
        }
        graph.ok_or(Broken).map_err(broken)
    }
}

fn read_graph(bytes: &[u8]) -> Result<Graph, Broken> {
    let mut graph = Graph::default();
    for field in Fields(bytes) {
        match field? {
            (1, Value::Bytes(bytes)) => graph.nodes.push(node(bytes)?),
            (5, Value::Bytes(bytes)) => {
                let (name, constant) = tensor(bytes)?;
                graph.constants.insert(name, constant);
            }
            (11, Value::Bytes(bytes)) => graph.inputs.push(value_info(bytes)?),
            (12, Value::Bytes(bytes)) => graph.outputs.push(value_info(bytes)?),
            _ => {}
        }
    }
    // Older files list constants among the inputs too.
    let constants = &graph.constants;
    graph.inputs.retain(|(name, _)| !constants.contains_key(name));
    Ok(graph)
}

fn node(bytes: &[u8]) -> Result<Node, Broken> {
    let mut node = Node::default();
    for field in Fields(bytes) {
        match field? {
            (1, Value::Bytes(bytes)) => node.inputs.push(text(bytes)?),
            (2, Value::Bytes(bytes)) => node.outputs.push(text(bytes)?),
            (4, Value::Bytes(bytes)) => node.op = text(bytes)?,
            (5, Value::Bytes(bytes)) => {
                let (name, value) = attribute(bytes)?;
                node.attributes.insert(name, value);
            }
            _ => {}
        }
    }
    Ok(node)
}

fn attribute(bytes: &[u8]) -> Result<(String, Attribute), Broken> {
    let mut name = String::new();
    let mut value = Attribute::Other;
    let mut ints = Vec::new();
    for field in Fields(bytes) {
        match field? {
            (1, Value::Bytes(bytes)) => name = text(bytes)?,
            (2, Value::Fixed32(bytes)) => value = Attribute::Float(f32::from_le_bytes(bytes)),
            (3, Value::Varint(int)) => value = Attribute::Int(int.cast_signed()),
            (4, Value::Bytes(bytes)) => value = Attribute::Text(text(bytes)?),
            (5, Value::Bytes(bytes)) => value = Attribute::Tensor(tensor(bytes)?.1),
            (8, field) => numbers(field, &mut ints)?,
            _ => {}
        }
    }
    if !ints.is_empty() {
        value = Attribute::Ints(ints);
    }
    Ok((name, value))
}

/// One number of a repeated field, or several that are packed.
fn numbers(field: Value<'_>, into: &mut Vec<i64>) -> Result<(), Broken> {
    match field {
        Value::Varint(int) => into.push(int.cast_signed()),
        Value::Bytes(mut packed) => {
            while !packed.is_empty() {
                into.push(varint(&mut packed)?.cast_signed());
            }
        }
        _ => return Err(Broken),
    }
    Ok(())
}

fn tensor(bytes: &[u8]) -> Result<(String, Tensor), Broken> {
    let mut name = String::new();
    let mut shape = Vec::new();
    let mut kind = 0;
    let mut raw: &[u8] = &[];
    let mut floats = Vec::new();
    let mut ints = Vec::new();
    let mut elsewhere = false;
    for field in Fields(bytes) {
        match field? {
            (1, field) => numbers(field, &mut shape)?,
            (2, Value::Varint(value)) => kind = value,
            (4, Value::Fixed32(value)) => floats.push(f32::from_le_bytes(value)),
            (4, Value::Bytes(packed)) => floats.extend(floats_of(packed)),
            (5 | 7, field) => numbers(field, &mut ints)?,
            (8, Value::Bytes(bytes)) => name = text(bytes)?,
            (9, Value::Bytes(bytes)) => raw = bytes,
            (13, _) => elsewhere = true,
            _ => {}
        }
    }
    let shape: Vec<usize> = shape
        .into_iter()
        .map(|side| usize::try_from(side).map_err(|_| Broken))
        .collect::<Result<_, _>>()?;
    let values = match kind {
        _ if elsewhere => Values::Other,
        FLOAT => Values::Floats(if floats.is_empty() {
            floats_of(raw).collect()
        } else {
            floats.into()
        }),
        INT64 if ints.is_empty() => {
            Values::Ints(raw.as_chunks().0.iter().map(|b| i64::from_le_bytes(*b)).collect())
        }
        INT32 if ints.is_empty() => {
            let wide = |b: &[u8; 4]| i64::from(i32::from_le_bytes(*b));
            Values::Ints(raw.as_chunks().0.iter().map(wide).collect())
        }
        INT32 | INT64 => Values::Ints(ints.into()),
        _ => Values::Other,
    };
    let count = match &values {
        Values::Floats(values) => Some(values.len()),
        Values::Ints(values) => Some(values.len()),
        Values::Other => None,
    };
    let declared = shape
        .iter()
        .try_fold(1_usize, |product, side| product.checked_mul(*side));
    if count.is_some_and(|count| declared != Some(count)) {
        return Err(Broken);
    }
    Ok((name, Tensor { shape, values }))
}

fn floats_of(bytes: &[u8]) -> impl Iterator<Item = f32> {
    bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes))
}

/// A name, and the dimensions of its type where it is a tensor.
fn value_info(bytes: &[u8]) -> Result<(String, Vec<Option<usize>>), Broken> {
    let mut name = String::new();
    let mut shape = Vec::new();
    for field in Fields(bytes) {
        match field? {
            (1, Value::Bytes(bytes)) => name = text(bytes)?,
            // type → tensor_type → shape
            (2, Value::Bytes(kind)) => {
                let Some(tensor) = last(kind, 1)? else { continue };
                let Some(dimensions) = last(tensor, 2)? else {
                    continue;
                };
                shape = Fields(dimensions)
                    .filter_map(|field| match field {
                        Ok((1, Value::Bytes(bytes))) => Some(dimension(bytes)),
                        Ok(_) => None,
                        Err(broken) => Some(Err(broken)),
                    })
                    .collect::<Result<_, _>>()?;
            }
            _ => {}
        }
    }
    Ok((name, shape))
}

fn dimension(bytes: &[u8]) -> Result<Option<usize>, Broken> {
    for field in Fields(bytes) {
        if let (1, Value::Varint(value)) = field? {
            return Ok(usize::try_from(value).ok());
        }
    }
    Ok(None)
}

fn last(message: &[u8], number: u64) -> Result<Option<&[u8]>, Broken> {
    let mut found = None;
    for field in Fields(message) {
        if let (own, Value::Bytes(bytes)) = field?
            && own == number
        {
            found = Some(bytes);
        }
    }
    Ok(found)
}

fn text(bytes: &[u8]) -> Result<String, Broken> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Broken)
}
