// The parts of Node that the addon uses, for a process without Node: the functions of Node-API that
// it calls, with values that are never freed, and a loop of libuv's handles over poll(2). Any
// failure ends the process with exit code 1.
#ifndef CAIO_TEST_PACKAGE_MUSL_NODE_H
#define CAIO_TEST_PACKAGE_MUSL_NODE_H

#include <node_api.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define FAIL(...) (fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), exit(1))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { MOST_PROPERTIES = 32, MOST_HANDLES = 8 };

// Values

struct property {
  const char *name;
  napi_value value;
};

struct napi_value__ {
  napi_valuetype type;
  union {
    double number;
    bool boolean;
    const char *string;
    void *external;
    napi_callback function;
    struct property properties[MOST_PROPERTIES];
    struct {
      napi_value *elements;
      uint32_t length;
    } array;
    struct {
      napi_typedarray_type type;
      void *memory;
      size_t length;  // in elements
    } view;
  };
  enum { ORDINARY, ARRAY, VIEW } manner;  // of an object
};

struct napi_callback_info__ {
  size_t count;
  const napi_value *arguments;
};

static napi_value new_value(napi_valuetype type) {
  napi_value value = calloc(1, sizeof *value);
  if (!value) FAIL("out of memory");
  value->type = type;
  return value;
}

static napi_value new_number(double number) {
  napi_value value = new_value(napi_number);
  value->number = number;
  return value;
}

static napi_value new_boolean(bool boolean) {
  napi_value value = new_value(napi_boolean);
  value->boolean = boolean;
  return value;
}

static napi_value new_string(const char *string, size_t length) {
  napi_value value = new_value(napi_string);
  value->string = length == NAPI_AUTO_LENGTH ? strdup(string) : strndup(string, length);
  return value;
}

static napi_value new_function(napi_callback function) {
  napi_value value = new_value(napi_function);
  value->function = function;
  return value;
}

static napi_value new_array(uint32_t length) {
  napi_value value = new_value(napi_object);
  value->manner = ARRAY;
  value->array.elements = calloc(length, sizeof(napi_value));
  value->array.length = length;
  for (uint32_t i = 0; i < length; i++) value->array.elements[i] = new_value(napi_undefined);
  return value;
}

static napi_value new_view(napi_typedarray_type type, void *memory, size_t length) {
  napi_value value = new_value(napi_object);
  value->manner = VIEW;
  value->view.type = type;
  value->view.memory = memory;
  value->view.length = length;
  return value;
}

static bool is_array(napi_value value) { return value->type == napi_object && value->manner == ARRAY; }
static bool is_view(napi_value value) { return value->type == napi_object && value->manner == VIEW; }

// The loop

// Values of a handle's field `flags`, which belongs to its loop.
enum { ACTIVE = 1, REFERENCED = 2, CLOSING = 4 };

struct loop {
  uv_loop_t uv;  // whose address is all that anybody else knows
  uv_handle_t *handles[MOST_HANDLES];
};

static struct loop main_loop;

uv_loop_t *uv_default_loop(void) { return &main_loop.uv; }

static int add_handle(uv_loop_t *uv, uv_handle_t *handle, uv_handle_type type) {
  struct loop *loop = (struct loop *)uv;
  handle->loop = uv;
  handle->type = type;
  handle->flags = REFERENCED;
  for (int i = 0; i < MOST_HANDLES; i++) {
    if (loop->handles[i]) continue;
    loop->handles[i] = handle;
    return 0;
  }
  FAIL("too many handles");
}

void uv_ref(uv_handle_t *handle) { handle->flags |= REFERENCED; }
void uv_unref(uv_handle_t *handle) { handle->flags &= ~(unsigned)REFERENCED; }

void uv_close(uv_handle_t *handle, uv_close_cb closed) {
  handle->close_cb = closed;
  handle->flags = CLOSING;
}

static int activate(uv_handle_t *handle) {
  handle->flags |= ACTIVE;
  return 0;
}

static int deactivate(uv_handle_t *handle) {
  handle->flags &= ~(unsigned)ACTIVE;
  return 0;
}

int uv_poll_init(uv_loop_t *loop, uv_poll_t *watch, int fd) {
  watch->io_watcher.fd = fd;
  return add_handle(loop, (uv_handle_t *)watch, UV_POLL);
}

int uv_poll_start(uv_poll_t *watch, int events, uv_poll_cb ready) {
  if (events != UV_READABLE) FAIL("uv_poll_start: events %d", events);
  watch->poll_cb = ready;
  return activate((uv_handle_t *)watch);
}

int uv_poll_stop(uv_poll_t *watch) { return deactivate((uv_handle_t *)watch); }

int uv_prepare_init(uv_loop_t *loop, uv_prepare_t *turn) { return add_handle(loop, (uv_handle_t *)turn, UV_PREPARE); }

int uv_prepare_start(uv_prepare_t *turn, uv_prepare_cb begun) {
  turn->prepare_cb = begun;
  return activate((uv_handle_t *)turn);
}

int uv_check_init(uv_loop_t *loop, uv_check_t *check) { return add_handle(loop, (uv_handle_t *)check, UV_CHECK); }

int uv_check_start(uv_check_t *check, uv_check_cb polled) {
  check->check_cb = polled;
  return activate((uv_handle_t *)check);
}

int uv_check_stop(uv_check_t *check) { return deactivate((uv_handle_t *)check); }

int uv_idle_init(uv_loop_t *loop, uv_idle_t *idle) { return add_handle(loop, (uv_handle_t *)idle, UV_IDLE); }

int uv_idle_start(uv_idle_t *idle, uv_idle_cb begun) {
  idle->idle_cb = begun;
  return activate((uv_handle_t *)idle);
}

int uv_idle_stop(uv_idle_t *idle) { return deactivate((uv_handle_t *)idle); }

static bool is_alive(const struct loop *loop) {
  for (int i = 0; i < MOST_HANDLES; i++) {
    const unsigned flags = loop->handles[i] ? loop->handles[i]->flags : 0;
    if ((flags & CLOSING) || (flags & (ACTIVE | REFERENCED)) == (ACTIVE | REFERENCED)) return true;
  }
  return false;
}

// Ends one handle that is closing. Returns whether there was one.
static bool end_closing(struct loop *loop) {
  for (int i = 0; i < MOST_HANDLES; i++) {
    uv_handle_t *handle = loop->handles[i];
    if (!handle || !(handle->flags & CLOSING)) continue;
    loop->handles[i] = NULL;
    handle->close_cb(handle);
    return true;
  }
  return false;
}

static void turn(struct loop *loop) {
  struct pollfd watched[MOST_HANDLES];
  bool idle = false;
  for (int i = 0; i < MOST_HANDLES; i++) {
    uv_handle_t *handle = loop->handles[i];
    const bool active = handle && (handle->flags & ACTIVE);
    watched[i] =
        (struct pollfd){active && handle->type == UV_POLL ? ((uv_poll_t *)handle)->io_watcher.fd : -1, POLLIN, 0};
    if (active && handle->type == UV_PREPARE) ((uv_prepare_t *)handle)->prepare_cb((uv_prepare_t *)handle);
    if (active && handle->type == UV_IDLE) idle = true;
  }
  if (!is_alive(loop)) return;
  if (poll(watched, MOST_HANDLES, idle ? 0 : -1) < 0) FAIL("poll: %m");
  for (int i = 0; i < MOST_HANDLES; i++) {
    if (watched[i].revents) ((uv_poll_t *)loop->handles[i])->poll_cb((uv_poll_t *)loop->handles[i], 0, UV_READABLE);
  }
  for (int i = 0; i < MOST_HANDLES; i++) {
    uv_handle_t *handle = loop->handles[i];
    if (!handle || handle->type != UV_CHECK || !(handle->flags & ACTIVE)) continue;
    ((uv_check_t *)handle)->check_cb((uv_check_t *)handle);
  }
}

// Runs until no handle keeps the loop alive.
static void run(struct loop *loop) {
  for (;;) {
    while (end_closing(loop)) {
    }
    if (!is_alive(loop)) return;
    turn(loop);
  }
}

// The environment

struct napi_env__ {
  struct loop *loop;
  const char *thrown;
  napi_async_cleanup_hook hook;
  void *hook_data;
  bool cleaned;
};

struct napi_ref__ {
  napi_value value;
};

struct napi_async_cleanup_hook_handle__ {
  napi_env env;
};

napi_status napi_get_uv_event_loop(napi_env env, uv_loop_t **loop) {
  *loop = &env->loop->uv;
  return napi_ok;
}

napi_status napi_add_async_cleanup_hook(napi_env env, napi_async_cleanup_hook hook, void *data,
                                        napi_async_cleanup_hook_handle *handle) {
  env->hook = hook;
  env->hook_data = data;
  *handle = calloc(1, sizeof **handle);
  (*handle)->env = env;
  return napi_ok;
}

napi_status napi_remove_async_cleanup_hook(napi_async_cleanup_hook_handle handle) {
  handle->env->cleaned = true;
  free(handle);
  return napi_ok;
}

// Ends an environment as Node does.
static void clean_up(napi_env env) {
  env->hook(NULL, env->hook_data);
  run(env->loop);
  if (!env->cleaned) FAIL("the cleanup has no end");
}

napi_status napi_open_handle_scope(napi_env, napi_handle_scope *scope) {
  *scope = NULL;
  return napi_ok;
}

napi_status napi_close_handle_scope(napi_env, napi_handle_scope) { return napi_ok; }

napi_status napi_create_reference(napi_env, napi_value value, uint32_t, napi_ref *reference) {
  *reference = malloc(sizeof **reference);
  (*reference)->value = value;
  return napi_ok;
}

napi_status napi_get_reference_value(napi_env, napi_ref reference, napi_value *value) {
  *value = reference->value;
  return napi_ok;
}

// Functions and exceptions

napi_status napi_get_cb_info(napi_env, napi_callback_info info, size_t *count, napi_value *arguments, napi_value *,
                             void **) {
  for (size_t i = 0; i < *count; i++) arguments[i] = i < info->count ? info->arguments[i] : new_value(napi_undefined);
  *count = info->count;
  return napi_ok;
}

napi_status napi_async_init(napi_env, napi_value, napi_value, napi_async_context *context) {
  *context = NULL;
  return napi_ok;
}

napi_status napi_make_callback(napi_env env, napi_async_context, napi_value, napi_value function, size_t count,
                               const napi_value *arguments, napi_value *) {
  struct napi_callback_info__ info = {count, arguments};
  function->function(env, &info);
  return napi_ok;
}

napi_status napi_call_function(napi_env env, napi_value, napi_value function, size_t count, const napi_value *arguments,
                               napi_value *) {
  return napi_make_callback(env, NULL, NULL, function, count, arguments, NULL);
}

napi_status napi_throw_type_error(napi_env env, const char *, const char *message) {
  env->thrown = message;
  return napi_ok;
}

napi_status napi_is_exception_pending(napi_env env, bool *pending) {
  *pending = env->thrown != NULL;
  return napi_ok;
}

napi_status napi_get_and_clear_last_exception(napi_env env, napi_value *exception) {
  *exception = new_string(env->thrown, NAPI_AUTO_LENGTH);
  env->thrown = NULL;
  return napi_ok;
}

napi_status napi_fatal_exception(napi_env, napi_value exception) { FAIL("thrown: %s", exception->string); }

// Other functions that node-addon-api refers to, but that are not called here.

#define NOT_HERE(name, ...) \
  napi_status name(__VA_ARGS__) { FAIL("%s is not wanted here", #name); }

NOT_HERE(napi_async_destroy, napi_env, napi_async_context)
NOT_HERE(napi_close_callback_scope, napi_env, napi_callback_scope)
NOT_HERE(napi_open_escapable_handle_scope, napi_env, napi_escapable_handle_scope *)
NOT_HERE(napi_close_escapable_handle_scope, napi_env, napi_escapable_handle_scope)
NOT_HERE(napi_escape_handle, napi_env, napi_escapable_handle_scope, napi_value, napi_value *)
NOT_HERE(napi_create_error, napi_env, napi_value, napi_value, napi_value *)
NOT_HERE(napi_create_type_error, napi_env, napi_value, napi_value, napi_value *)
NOT_HERE(napi_define_properties, napi_env, napi_value, size_t, const napi_property_descriptor *)
NOT_HERE(napi_get_last_error_info, napi_env, const napi_extended_error_info **)
NOT_HERE(napi_get_property, napi_env, napi_value, napi_value, napi_value *)
NOT_HERE(napi_has_property, napi_env, napi_value, napi_value, bool *)
NOT_HERE(napi_throw, napi_env, napi_value)

void napi_fatal_error(const char *, size_t, const char *message, size_t) { FAIL("%s", message); }

napi_status napi_delete_reference(napi_env, napi_ref reference) {
  free(reference);
  return napi_ok;
}

static napi_value call(napi_env env, napi_value function, size_t count, const napi_value *arguments) {
  struct napi_callback_info__ info = {count, arguments};
  napi_value result = function->function(env, &info);
  if (env->thrown) FAIL("thrown: %s", env->thrown);
  return result;
}

// Making values

napi_status napi_get_undefined(napi_env, napi_value *value) { return *value = new_value(napi_undefined), napi_ok; }
napi_status napi_get_null(napi_env, napi_value *value) { return *value = new_value(napi_null), napi_ok; }
napi_status napi_create_object(napi_env, napi_value *value) { return *value = new_value(napi_object), napi_ok; }

napi_status napi_get_boolean(napi_env, bool boolean, napi_value *value) {
  *value = new_boolean(boolean);
  return napi_ok;
}

napi_status napi_create_double(napi_env, double number, napi_value *value) {
  *value = new_number(number);
  return napi_ok;
}

napi_status napi_create_uint32(napi_env, uint32_t number, napi_value *value) {
  *value = new_number(number);
  return napi_ok;
}

napi_status napi_create_string_utf8(napi_env, const char *string, size_t length, napi_value *value) {
  *value = new_string(string, length);
  return napi_ok;
}

napi_status napi_create_array_with_length(napi_env, size_t length, napi_value *value) {
  *value = new_array((uint32_t)length);
  return napi_ok;
}

napi_status napi_create_external(napi_env, void *data, napi_finalize, void *, napi_value *value) {
  *value = new_value(napi_external);
  (*value)->external = data;
  return napi_ok;
}

napi_status napi_create_function(napi_env, const char *, size_t, napi_callback function, void *, napi_value *value) {
  *value = new_function(function);
  return napi_ok;
}

// Reading values

napi_status napi_typeof(napi_env, napi_value value, napi_valuetype *type) {
  *type = value->type;
  return napi_ok;
}

napi_status napi_coerce_to_object(napi_env, napi_value value, napi_value *result) {
  *result = value;
  return value->type == napi_object ? napi_ok : napi_object_expected;
}

napi_status napi_get_value_external(napi_env, napi_value value, void **data) {
  *data = value->external;
  return value->type == napi_external ? napi_ok : napi_invalid_arg;
}

napi_status napi_get_value_bool(napi_env, napi_value value, bool *boolean) {
  *boolean = value->boolean;
  return value->type == napi_boolean ? napi_ok : napi_boolean_expected;
}

napi_status napi_get_value_uint32(napi_env, napi_value value, uint32_t *number) {
  if (value->type != napi_number) return napi_number_expected;
  *number = (uint32_t)value->number;
  return napi_ok;
}

napi_status napi_get_value_string_utf8(napi_env, napi_value value, char *memory, size_t size, size_t *length) {
  if (value->type != napi_string) return napi_string_expected;
  *length = (size_t)snprintf(memory, size, "%s", value->string);
  if (*length >= size) *length = size - 1;
  return napi_ok;
}

napi_status napi_is_array(napi_env, napi_value value, bool *result) { return *result = is_array(value), napi_ok; }
napi_status napi_is_typedarray(napi_env, napi_value value, bool *result) { return *result = is_view(value), napi_ok; }
napi_status napi_is_dataview(napi_env, napi_value, bool *result) { return *result = false, napi_ok; }

napi_status napi_get_array_length(napi_env, napi_value value, uint32_t *length) {
  if (!is_array(value)) return napi_array_expected;
  *length = value->array.length;
  return napi_ok;
}

napi_status napi_get_element(napi_env, napi_value value, uint32_t index, napi_value *element) {
  if (!is_array(value)) return napi_object_expected;
  *element = index < value->array.length ? value->array.elements[index] : new_value(napi_undefined);
  return napi_ok;
}

napi_status napi_set_element(napi_env, napi_value value, uint32_t index, napi_value element) {
  if (!is_array(value) || index >= value->array.length) return napi_invalid_arg;
  value->array.elements[index] = element;
  return napi_ok;
}

napi_status napi_set_named_property(napi_env, napi_value object, const char *name, napi_value value) {
  for (int i = 0; i < MOST_PROPERTIES; i++) {
    struct property *property = &object->properties[i];
    if (property->name) continue;
    *property = (struct property){name, value};
    return napi_ok;
  }
  FAIL("too many properties");
}

static napi_value property_of(napi_value object, const char *name) {
  for (int i = 0; i < MOST_PROPERTIES && object->properties[i].name; i++) {
    if (strcmp(object->properties[i].name, name) == 0) return object->properties[i].value;
  }
  FAIL("no property %s", name);
}

napi_status napi_get_typedarray_info(napi_env, napi_value value, napi_typedarray_type *type, size_t *length,
                                     void **memory, napi_value *buffer, size_t *offset) {
  if (!is_view(value)) return napi_invalid_arg;
  if (type) *type = value->view.type;
  if (length) *length = value->view.length;
  if (memory) *memory = value->view.memory;
  if (buffer) *buffer = value;
  if (offset) *offset = 0;
  return napi_ok;
}

// There are no data views here.
napi_status napi_get_dataview_info(napi_env, napi_value, size_t *, void **, napi_value *, size_t *) {
  return napi_invalid_arg;
}

#endif
