{
  "variables": { "prebuild%": 0 },
  "targets": [
    {
      "target_name": "caio",
      "sources": [
        "native/addon.cc",
        "native/completion_queue.cc",
        "native/decode_request.cc",
        "native/end_of_process.cc",
        "native/environment.cc",
        "native/held_memory.cc",
        "native/probe_file.cc",
        "native/thread_pool/early_writeback.cc",
        "native/thread_pool/file_control.cc",
        "native/thread_pool/file_io.cc",
        "native/thread_pool/file_system_of.cc",
        "native/thread_pool/gates.cc",
        "native/thread_pool/thread_pool.cc",
        "native/thread_pool/whole_file.cc"
      ],
      "defines": ["NAPI_VERSION=9"],
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
            "native/linux_aio/cached_file.cc",
            "native/linux_aio/direct_alignment.cc",
            "native/linux_aio/directory_probe.cc",
            "native/linux_aio/inline_helper.cc",
            "native/linux_aio/kernel_context.cc",
            "native/linux_aio/known_file_systems.cc",
            "native/linux_aio/linux_engine.cc",
            "native/linux_aio/file_facts.cc",
            "native/linux_uring/kernel_ring.cc",
            "native/operator_new.cc"
          ],
          "ldflags": ["-Wl,--version-script=<(module_root_dir)/native/exports.map"]
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
