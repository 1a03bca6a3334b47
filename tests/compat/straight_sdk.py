"""OpenAI's Python SDK at a provider of Anthropic's protocol, and Anthropic's at one of OpenAI's.

Started by straight-python.test.mjs, one test at a time.
"""

import os
import unittest
import uuid

import anthropic
import openai

from fake import GATEWAY, asked, until_cancelled, words

KEY = os.environ["GATEWAY_TOKEN"]
CLAUDE = "claude/fake-16-0"
GPT = "fake/fake-16-0"


def gpt():
    return openai.OpenAI(base_url=f"{GATEWAY}/v1", api_key=KEY, max_retries=0)


def claude():
    return anthropic.Anthropic(base_url=GATEWAY, api_key=KEY, max_retries=0)


def said(content):
    return [{"role": "user", "content": content}]


class Sdk(unittest.TestCase):
    def test_a_chat_at_a_provider_of_anthropics_protocol(self):
        answer = gpt().chat.completions.create(model=CLAUDE, messages=said("FAKE_TOKENS:7; hi"))
        self.assertEqual(answer.choices[0].message.content, words(7))
        self.assertEqual(answer.usage.completion_tokens, 7)
        stream = gpt().chat.completions.create(
            model=CLAUDE, messages=said("FAKE_TOKENS:9; hi"), stream=True
        )
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
        self.assertEqual(text, words(9))

    def test_a_response_at_a_provider_of_anthropics_protocol(self):
        response = gpt().responses.create(model=CLAUDE, input="FAKE_TOKENS:7; hi")
        self.assertEqual((response.status, response.output_text), ("completed", words(7)))
        with gpt().responses.stream(model=CLAUDE, input="FAKE_TOKENS:3; hi") as stream:
            for _ in stream:
                pass
            self.assertEqual(stream.get_final_response().output_text, words(3))

    def test_messages_at_a_provider_of_openais_protocol(self):
        message = claude().messages.create(
            model=GPT, max_tokens=500, messages=said("FAKE_TOKENS:7; hi")
        )
        self.assertEqual((message.content[0].text, message.stop_reason), (words(7), "end_turn"))
        with claude().messages.stream(
            model=GPT, max_tokens=500, messages=said("FAKE_TOKENS:25;FAKE_DELAY:5; hi")
        ) as stream:
            self.assertEqual("".join(stream.text_stream), words(25))
            self.assertEqual(stream.get_final_message().usage.output_tokens, 25)

    def test_what_would_be_lost_is_refused(self):
        with self.assertRaises(openai.BadRequestError) as refused:
            gpt().chat.completions.create(model=CLAUDE, messages=said("hi"), seed=1)
        self.assertEqual(refused.exception.param, "seed")
        with self.assertRaises(anthropic.BadRequestError):
            claude().messages.create(model=GPT, max_tokens=5, messages=said("hi"), extra_body={"top_k": 5})

    def test_leaving_a_stream_lets_the_model_go(self):
        marker = f"leave-{uuid.uuid4()}"
        stream = gpt().chat.completions.create(
            model=CLAUDE,
            messages=said(f"FAKE_TOKENS:2000;FAKE_DELAY:20; {marker}"),
            stream=True,
        )
        next(iter(stream))
        stream.close()
        until_cancelled(marker)
        self.assertEqual(asked(marker)["path"], "/v1/messages")
