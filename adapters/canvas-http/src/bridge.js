// What pages of the canvas can say to the app they are shown in.
(function () {
  "use strict";
  var name = "openclawCanvasA2UIAction";

  function postMessage(message) {
    var text = typeof message === "string" ? message : JSON.stringify(message);
    var handlers = window.webkit && window.webkit.messageHandlers;
    var ends = [handlers && handlers[name], window[name]];
    for (var end of ends) {
      if (end && typeof end.postMessage === "function") {
        end.postMessage(text);
        return true;
      }
    }
    return false;
  }

  function newId() {
    var bytes = window.crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, function (byte) {
      return byte.toString(16).padStart(2, "0");
    }).join("");
  }

  function sendUserAction(action) {
    var given = action && typeof action.id === "string" ? action.id.trim() : "";
    return postMessage({ userAction: Object.assign({}, action, { id: given || newId() }) });
  }

  window.OpenClaw = Object.assign(window.OpenClaw || {}, {
    postMessage: postMessage,
    sendUserAction: sendUserAction,
  });
  window.openclawPostMessage = postMessage;
  window.openclawSendUserAction = sendUserAction;
})();
