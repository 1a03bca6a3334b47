"""A model of one layer with random weights, in the file format of llama.cpp: it says nonsense, in earnest."""

import sys

import gguf
import numpy

EMBEDDING, FEED_FORWARD, HEADS, CONTEXT = 64, 128, 4, 2048
# Three special tokens, every byte, and letters and spaces of their own.
SPECIAL = ["<unk>", "<s>", "</s>"]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
LETTERS = ["\u2581"] + [chr(letter) for letter in range(ord("a"), ord("z") + 1)]
TOKENS = SPECIAL + BYTES + LETTERS
KINDS = (
    [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL]
    + [gguf.TokenType.BYTE] * len(BYTES)
    + [gguf.TokenType.NORMAL] * len(LETTERS)
)
TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant: "


def write(path):
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(EMBEDDING)
    writer.add_block_count(1)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(EMBEDDING // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(TOKENS))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(TOKENS)
    writer.add_token_scores([-float(place) for place in range(len(TOKENS))])
    writer.add_token_types(KINDS)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template(TEMPLATE)

    chance = numpy.random.default_rng(7)

    def tensor(name, *shape):
        writer.add_tensor(name, chance.normal(0, 0.3, shape).astype(numpy.float32))

    tensor("token_embd.weight", len(TOKENS), EMBEDDING)
    for part in ("q", "k", "v", "output"):
        tensor(f"blk.0.attn_{part}.weight", EMBEDDING, EMBEDDING)
    for part in ("attn_norm", "ffn_norm"):
        tensor(f"blk.0.{part}.weight", EMBEDDING)
    for part in ("gate", "up"):
        tensor(f"blk.0.ffn_{part}.weight", FEED_FORWARD, EMBEDDING)
    tensor("blk.0.ffn_down.weight", EMBEDDING, FEED_FORWARD)
    tensor("output_norm.weight", EMBEDDING)
    tensor("output.weight", len(TOKENS), EMBEDDING)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    write(sys.argv[1])
