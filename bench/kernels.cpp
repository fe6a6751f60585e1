// What each way of computing costs a prompt: llama.cpp itself, types of the cache and pieces side by
// side in one process, interleaved, by processor time (which other programs' work hardly changes).
//
//   c++ -O2 -std=c++17 -fopenmp -I LLAMA/include -I LLAMA/ggml/include bench/kernels.cpp -o kernels \
//     -L LIB -Wl,--start-group -lllama -lggml -lggml-base -lggml-cpu -Wl,--end-group -lpthread -ldl
//   ./kernels MODEL.gguf 1 f16,f16,512 f16,f16,128 f16,bf16,128
//
// LLAMA: llama.cpp's sources as in the crate; LIB: where a build of it with the kernels in question
// (GGML_LLAMAFILE, GGML_CPU_REPACK; GGML_CPU_TILED_MM=0 in the environment turns a third off) lies. Each triple: keys, values, tokens of a piece.
#include "llama.h"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

static const int PROMPT = 500, ROUNDS = 5;

struct Way {
    std::string name;
    int piece;
    llama_context * context;
    std::vector<double> speeds;
};

static double seconds() {
    timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static void fail(const char * why) {
    fprintf(stderr, "%s\n", why);
    exit(1);
}

static ggml_type type(const std::string & name) {
    if (name == "f16") return GGML_TYPE_F16;
    if (name == "bf16") return GGML_TYPE_BF16;
    if (name == "q8_0") return GGML_TYPE_Q8_0;
    fail("a type is f16, bf16 or q8_0");
    return GGML_TYPE_F16;
}

int main(int count, char ** words) {
    if (count < 4) fail("kernels MODEL THREADS KEYS,VALUES,PIECE ...");
    llama_log_set([](ggml_log_level, const char *, void *) {}, nullptr);
    llama_backend_init();
    llama_model * model = llama_model_load_from_file(words[1], llama_model_default_params());
    if (!model) fail("no such model");
    const llama_vocab * vocab = llama_model_get_vocab(model);
    std::string text;
    for (int i = 0; i < 60; i++) {
        text += "The harbour wakes before the town does, and the cranes turn slowly in the first light. ";
    }
    std::vector<llama_token> tokens(text.size());
    if (llama_tokenize(vocab, text.c_str(), text.size(), tokens.data(), tokens.size(), true, false) < PROMPT) {
        fail("the prompt is too short");
    }
    std::vector<Way> ways;
    for (int i = 3; i < count; i++) {
        char keys[16], values[16];
        int piece;
        if (sscanf(words[i], "%15[^,],%15[^,],%d", keys, values, &piece) != 3) fail("KEYS,VALUES,PIECE");
        llama_context_params params = llama_context_default_params();
        params.n_ctx = 2048;
        params.n_batch = params.n_ubatch = piece;
        params.n_threads = params.n_threads_batch = atoi(words[2]);
        params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_ENABLED;
        params.type_k = type(keys);
        params.type_v = type(values);
        ways.push_back({words[i], piece, llama_init_from_model(model, params), {}});
        if (!ways.back().context) fail("no context");
    }
    for (int round = 0; round <= ROUNDS; round++) {
        for (Way & way : ways) {
            llama_memory_clear(llama_get_memory(way.context), true);
            double began = seconds();
            for (int at = 0; at < PROMPT; at += way.piece) {
                int size = std::min(way.piece, PROMPT - at);
                if (llama_decode(way.context, llama_batch_get_one(&tokens[at], size)) != 0) fail("a pass failed");
            }
            // The first round warms up.
            if (round > 0) way.speeds.push_back(PROMPT / (seconds() - began));
        }
    }
    for (Way & way : ways) {
        std::sort(way.speeds.begin(), way.speeds.end());
        printf("%-16s %7.1f tokens/s\n", way.name.c_str(), way.speeds[ROUNDS / 2]);
    }
}
