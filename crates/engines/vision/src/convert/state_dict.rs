//! A PyTorch state dict: tensors by name, in the format that `torch.save` wrote before version 1.6
//! (and writes with `_use_new_zipfile_serialization=False`).
//!
//! Four pickles (magic number, version, system, values), a fifth with the keys of storages, then for
//! each of these its length and its numbers.

use std::{collections::BTreeMap, rc::Rc};

use busbar_core::Result;

use super::{
    pickle::{RawTensor, Refusal, Unpickler, Value},
    unusable,
};

/// Tensors of 32-bit floats by name. Others (counters, mostly) are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StateDict(BTreeMap<String, (Vec<usize>, Vec<f32>)>);

const MAGIC: [u8; 8] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8];

impl StateDict {
    /// From a file's bytes.
    ///
    /// # Errors
    /// `Unavailable` where it is damaged or holds something other than tensors.
    pub fn read(file: &[u8]) -> Result<Self> {
        if file.starts_with(b"PK") {
            return Err(unusable(
                "the file is of PyTorch's newer format, a zip archive; convert it to ONNX",
            ));
        }
        read(file).map_err(unusable)
    }

    /// A tensor's shape and numbers.
    ///
    /// # Errors
    /// `Unavailable` where there is none of the name.
    pub fn get(&self, name: &str) -> Result<(&[usize], &[f32])> {
        let found = self.0.get(name);
        let (shape, numbers) = found.ok_or_else(|| unusable(format!("there is no `{name}` in them")))?;
        Ok((shape, numbers))
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl FromIterator<(String, (Vec<usize>, Vec<f32>))> for StateDict {
    fn from_iter<I: IntoIterator<Item = (String, (Vec<usize>, Vec<f32>))>>(tensors: I) -> Self {
        Self(tensors.into_iter().collect())
    }
}

fn read(file: &[u8]) -> Result<StateDict, Refusal> {
    let mut pickles = Unpickler::new(file);
    let magic = pickles.next()?;
    if !matches!(magic, Value::Int(low) if low.to_le_bytes() == MAGIC) {
        return Err("the file is no state dict of PyTorch".to_owned());
    }
    let _version = pickles.next()?;
    let _system = pickles.next()?;
    let values = pickles.next()?;
    let keys = pickles.next()?;
    let (Value::Dict(values), Value::List(keys)) = (values, keys) else {
        return Err("the file holds something other than tensors by name".to_owned());
    };
    let tensors: Vec<(String, Rc<RawTensor>)> = values
        .borrow()
        .iter()
        .filter_map(|(name, value)| match (name, value) {
            (Value::Text(name), Value::Tensor(tensor)) => Some((name.to_string(), Rc::clone(tensor))),
            _ => None,
        })
        .collect();
    let mut sizes = BTreeMap::new();
    for (_, tensor) in &tensors {
        sizes.insert(
            Rc::clone(&tensor.key),
            (tensor.count, element_size(&tensor.kind)?),
        );
    }
    let mut storages = BTreeMap::new();
    for key in keys.borrow().iter() {
        let Value::Text(key) = key else {
            return Err("a storage has no name".to_owned());
        };
        let &(count, size) = sizes.get(key).ok_or("a storage belongs to no tensor")?;
        let said: [u8; 8] = pickles.take(8)?.try_into().map_err(|_| "it is cut short")?;
        if u64::from_le_bytes(said) != count as u64 {
            return Err("a storage is not as long as its tensors say".to_owned());
        }
        let bytes = count.checked_mul(size).ok_or("a storage is too large")?;
        storages.insert(Rc::clone(key), pickles.take(bytes)?);
    }
    tensors
        .into_iter()
        .filter(|(_, tensor)| &*tensor.kind == "torch.FloatStorage")
        .map(|(name, tensor)| {
            let bytes = storages.get(&tensor.key).ok_or("a tensor has no storage")?;
            let numbers =
                numbers(&tensor, bytes).ok_or_else(|| format!("`{name}` leads out of its storage"))?;
            Ok((name, (tensor.shape.clone(), numbers)))
        })
        .collect()
}

fn element_size(kind: &str) -> Result<usize, Refusal> {
    match kind {
        "torch.FloatStorage" | "torch.IntStorage" => Ok(4),
        "torch.LongStorage" | "torch.DoubleStorage" => Ok(8),
        "torch.HalfStorage" | "torch.BFloat16Storage" | "torch.ShortStorage" => Ok(2),
        "torch.ByteStorage" | "torch.CharStorage" | "torch.BoolStorage" => Ok(1),
        other => Err(format!("it has numbers of an unknown kind, `{other}`")),
    }
}

/// A tensor's numbers in the order of its shape, however they lie in the storage.
fn numbers(tensor: &RawTensor, storage: &[u8]) -> Option<Vec<f32>> {
    let floats = storage.as_chunks::<4>().0;
    let count = tensor
        .shape
        .iter()
        .try_fold(1_usize, |product, side| product.checked_mul(*side))?;
    if count > floats.len() || tensor.shape.len() != tensor.strides.len() {
        return None;
    }
    let mut places = vec![tensor.offset];
    for (side, stride) in tensor.shape.iter().zip(&tensor.strides) {
        let steps = |place: usize| (0..*side).map(move |step| place.checked_add(step.checked_mul(*stride)?));
        places = places.into_iter().flat_map(steps).collect::<Option<_>>()?;
    }
    places
        .into_iter()
        .map(|place| Some(f32::from_le_bytes(*floats.get(place)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `OrderedDict(weight=tensor([[1, 2], [3, 4]]).t(), steps=tensor(3))` as PyTorch 1.5 writes it.
    fn file(call: &str) -> Vec<u8> {
        let mut file =
            b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}q\x00.".to_vec();
        file.extend(b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01(");
        let mut tensor = |name: &str, kind: &str, key: &str, count: u8, shape: &[u8]| {
            file.extend(b"X");
            file.extend((name.len() as u32).to_le_bytes());
            file.extend(name.bytes());
            file.extend(format!("ctorch._utils\n{call}\n((X\x07\0\0\0storagectorch\n{kind}\nX").bytes());
            file.extend((key.len() as u32).to_le_bytes());
            file.extend(key.bytes());
            file.extend(b"X\x03\0\0\0cpuK");
            file.extend([count]);
            file.extend(b"NtQK\0");
            file.extend(shape);
            file.extend(b"\x89ccollections\nOrderedDict\n)RtR");
        };
        // Two by two, and turned.
        tensor("weight", "FloatStorage", "7", 4, b"K\x02K\x02\x86K\x01K\x02\x86");
        tensor("steps", "LongStorage", "8", 1, b"))");
        file.extend(b"u}X\x09\0\0\0_metadataNsb.\x80\x02]q\x00(X\x01\0\0\x007X\x01\0\0\x008e.");
        file.extend(4_u64.to_le_bytes());
        file.extend([1.0_f32, 2.0, 3.0, 4.0].into_iter().flat_map(f32::to_le_bytes));
        file.extend(1_u64.to_le_bytes());
        file.extend(3_u64.to_le_bytes());
        file
    }

    #[test]
    fn tensors_of_floats_are_read_and_others_passed_over() {
        let tensors = StateDict::read(&file("_rebuild_tensor_v2")).unwrap();
        assert_eq!(tensors.names().collect::<Vec<_>>(), ["weight"]);
        assert_eq!(
            tensors.get("weight").unwrap(),
            (&[2, 2][..], &[1.0, 3.0, 2.0, 4.0][..])
        );
        assert!(tensors.get("steps").is_err());
    }

    #[test]
    fn a_pickle_that_would_call_something_else_is_refused() {
        let error = StateDict::read(&file("system")).unwrap_err();
        assert!(error.message().contains("torch._utils.system"), "{error}");
        let error = StateDict::read(b"\x80\x02cos\nsystem\nX\x02\0\0\0ls\x85R.").unwrap_err();
        assert!(error.message().contains("os.system"), "{error}");
    }

    #[test]
    fn a_file_that_is_cut_anywhere_is_refused() {
        let file = file("_rebuild_tensor_v2");
        for cut in 0..file.len() {
            assert!(StateDict::read(&file[..cut]).is_err(), "cut at {cut}");
        }
    }
}
