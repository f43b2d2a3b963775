{
  "targets": [
    {
      "target_name": "ftps_tls",
      "sources": [
        "module.cc",
        "arguments.cc",
        "connection.cc",
        "connection-callbacks.cc",
        "connection-calls.cc",
        "connection-facts.cc",
        "context.cc",
        "errors.cc",
        "identity.cc",
        "send-queue.cc",
        "session.cc",
        "wire.cc"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NAPI_DISABLE_CPP_EXCEPTIONS", "OPENSSL_API_COMPAT=30000", "OPENSSL_NO_DEPRECATED"],
      "cflags_cc": ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-fno-exceptions", "-fvisibility=hidden"],
      "xcode_settings": {
        "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
        "OTHER_CPLUSPLUSFLAGS": ["-Wall", "-Wextra", "-Werror"],
        "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
        "MACOSX_DEPLOYMENT_TARGET": "11.0"
      },
      "msvs_settings": { "VCCLCompilerTool": { "AdditionalOptions": ["/std:c++17", "/W4"] } }
    }
  ]
}
