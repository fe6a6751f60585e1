//! Vectors: their length, and that like texts have like vectors.

use busbar_core::{Context, EmbedRequest, Embedder as _, ErrorKind, RequestId};

use crate::support::{SMOLLM2, config, engine};

fn request(inputs: &[&str]) -> EmbedRequest {
    let inputs = inputs.iter().map(|&text| text.to_owned()).collect();
    EmbedRequest::new(Context::new(RequestId::new("test")), SMOLLM2.into(), inputs)
}

#[tokio::test]
async fn like_texts_have_like_vectors_of_length_one() {
    let engine = engine(&config(SMOLLM2));
    let inputs = [
        "The cat sat on the warm mat in the kitchen.",
        "A cat was sitting on a mat in the kitchen.",
        "Interest rates rose by a quarter of a percent on Tuesday.",
    ];
    let embeddings = engine.embed(request(&inputs)).await.unwrap();
    let dot = |a: usize, b: usize| -> f32 {
        embeddings.vectors[a]
            .iter()
            .zip(&embeddings.vectors[b])
            .map(|(x, y)| x * y)
            .sum()
    };
    assert_eq!(embeddings.vectors[0].len(), 576);
    assert!((dot(0, 0) - 1.0).abs() < 1e-4);
    assert!(
        dot(0, 1) > dot(0, 2),
        "{} is not more than {}",
        dot(0, 1),
        dot(0, 2)
    );
    assert!(embeddings.usage.input.0 > 20);
    // The same text again: the cache holds its beginning, and it is still all of it that counts.
    let again = engine.embed(request(&inputs[..1])).await.unwrap();
    assert_eq!(again.vectors[0], embeddings.vectors[0]);
}

#[tokio::test]
async fn what_cannot_be_embedded_is_refused() {
    let engine = engine(&config(SMOLLM2));
    let long = "word ".repeat(3000);
    for input in ["", long.as_str()] {
        let error = engine.embed(request(&[input])).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert_eq!(error.param(), Some("input"));
    }
}
