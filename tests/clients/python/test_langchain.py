"""LangChain's classes for Bedrock, SageMaker and OpenAI, pointed at Busbar by their own settings."""

import json

import pytest
from langchain_aws import BedrockEmbeddings, ChatBedrock, ChatBedrockConverse, SagemakerEndpoint
from langchain_aws.llms.sagemaker_endpoint import LLMContentHandler
from langchain_openai import ChatOpenAI

from busbar_server import MODEL

TURNS = [("system", "You are a lighthouse keeper."), ("human", "Say hello to the harbour.")]
CLAUDE = "anthropic.claude-3-haiku-20240307-v1:0"


class Falcon(LLMContentHandler):
    """What a person writes to speak to a container of text generation."""

    content_type = "application/json"
    accepts = "application/json"

    def transform_input(self, prompt, model_kwargs):
        return json.dumps({"inputs": prompt, "parameters": model_kwargs}).encode()

    def transform_output(self, output):
        return json.loads(output.read())[0]["generated_text"]


def converse(server):
    return ChatBedrockConverse(
        model=CLAUDE, region_name="us-east-1", endpoint_url=server.url, max_tokens=12, temperature=0
    )


def invoke_model(server):
    room = {"max_tokens": 12, "temperature": 0}
    return ChatBedrock(model=CLAUDE, region="us-east-1", endpoint_url=server.url, model_kwargs=room)


def completions(server):
    return ChatOpenAI(model=MODEL, base_url=f"{server.url}/v1", api_key="unused", max_tokens=12, temperature=0)


def responses(server):
    return ChatOpenAI(
        model=MODEL,
        base_url=f"{server.url}/v1",
        api_key="unused",
        max_tokens=16,
        temperature=0,
        use_responses_api=True,
        output_version="v0",
    )


@pytest.mark.parametrize("make", [converse, invoke_model, completions, responses])
def test_a_chat_model_answers_whole_and_in_pieces(server, make):
    model = make(server)
    whole = model.invoke(TURNS)
    assert words(whole)
    assert whole.usage_metadata["input_tokens"] > 5 and 0 < whole.usage_metadata["output_tokens"] <= 16
    pieces = list(model.stream(TURNS))
    assert len(pieces) > 2 and "".join(map(words, pieces)) == words(whole)


def words(message):
    return message.text if isinstance(message.text, str) else message.text()


def test_an_endpoint_of_sagemaker_goes_on_with_a_text(server, sagemaker):
    model = SagemakerEndpoint(
        endpoint_name="harbour-falcon-7b",
        client=sagemaker,
        model_kwargs={"max_new_tokens": 12, "do_sample": False},
        content_handler=Falcon(),
    )
    assert model.invoke("Once upon a time")


def test_titans_embeddings_are_made(server, bedrock):
    made = BedrockEmbeddings(model_id="amazon.titan-embed-text-v2:0", client=bedrock)
    assert len(made.embed_query("a boat in the harbour")) == 576
    assert [len(each) for each in made.embed_documents(["a boat", "a ship"])] == [576, 576]
