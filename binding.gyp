{
  "variables": { "prebuild%": 0 },
  "targets": [
    {
      "target_name": "caio",
      "sources": [
        "native/node/addon.cc",
        "native/node/calls.cc",
        "native/request/completion_queue.cc",
        "native/request/decode.cc",
        "native/request/protocol.cc",
        "native/support/end_of_process.cc",
        "native/node/environment.cc",
        "native/node/turns.cc",
        "native/node/held_memory.cc",
        "native/support/probe_file.cc",
        "native/support/processors.cc",
        "native/thread_pool/brief.cc",
        "native/thread_pool/early_writeback.cc",
        "native/operations/copy_by_hand.cc",
        "native/operations/file_control.cc",
        "native/operations/transfer.cc",
        "native/thread_pool/file_system_of.cc",
        "native/thread_pool/gates.cc",
        "native/thread_pool/hand_off.cc",
        "native/thread_pool/thread_pool.cc",
        "native/thread_pool/watch.cc",
        "native/operations/path/copy_file.cc",
        "native/operations/path/directory.cc",
        "native/operations/path/names.cc",
        "native/operations/path/stats.cc",
        "native/operations/path/whole_file.cc",
        "native/operations/tree/copy_tree.cc",
        "native/operations/tree/listing.cc",
        "native/operations/tree/make_path.cc",
        "native/operations/tree/read_tree.cc",
        "native/operations/tree/remove_tree.cc"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=9", "NAPI_DISABLE_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags": ["-Wall", "-Wextra", "-O3", "-fvisibility=hidden"],
      "cflags_cc": ["-std=c++17", "-fno-exceptions", "-fno-rtti"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
      "xcode_settings": {
        "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
        "GCC_ENABLE_CPP_EXCEPTIONS": "NO",
        "GCC_ENABLE_CPP_RTTI": "NO",
        "MACOSX_DEPLOYMENT_TARGET": "11.0"
      },
      "conditions": [
        ["OS=='linux'", {
          "sources": [
            "native/linux/cached_file.cc",
            "native/linux/cached_path.cc",
            "native/operations/direct_alignment.cc",
            "native/operations/extended_attributes.cc",
            "native/operations/file_control_linux.cc",
            "native/linux/directory_probe.cc",
            "native/linux/inline_helper.cc",
            "native/linux/aio/kernel_context.cc",
            "native/linux/known_file_systems.cc",
            "native/linux/residency.cc",
            "native/linux/engine.cc",
            "native/linux/kernel_slots.cc",
            "native/linux/prove_queue.cc",
            "native/linux/turn_maps.cc",
            "native/linux/file_facts.cc",
            "native/linux/uring/kernel_ring.cc",
            "native/node/backing_store_linux.cc",
            "native/node/operator_new.cc",
            "native/node/system_linux.cc",
            "native/support/pinning_linux.cc",
            "native/support/platform_linux.cc",
            "native/support/processors_linux.cc",
            "native/thread_pool/file_system_of_linux.cc"
          ],
          "ldflags": ["-Wl,--version-script=<(module_root_dir)/native/node/exports.map"]
        }],
        ["OS!='linux'", {
          "sources": [
            "native/node/system_elsewhere.cc",
            "native/operations/file_control_elsewhere.cc",
            "native/support/pinning_elsewhere.cc",
            "native/support/platform_elsewhere.cc",
            "native/thread_pool/file_system_of_elsewhere.cc"
          ]
        }],
        ["OS=='linux' and prebuild==1", {
          "sources": ["native/prebuild/runtime.cc"],
          "cflags_cc": ["-include", "<(module_root_dir)/native/prebuild/glibc_2_28.h"],
          "ldflags": [
            "-static-libstdc++",
            "-static-libgcc",
            "-Wl,--gc-sections"
          ]
        }],
        ["OS=='win'", { "type": "none" }]
      ]
    }
  ]
}
