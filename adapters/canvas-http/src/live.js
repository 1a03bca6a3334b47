// Loads the page anew when a file of the canvas changed.
(function () {
  "use strict";
  var pass = /^\/__openclaw__\/cap\/[^/]+(?=\/)/.exec(location.pathname);
  var scheme = location.protocol === "https:" ? "wss://" : "ws://";
  var address = scheme + location.host + (pass ? pass[0] : "") + "/__openclaw__/ws";
  var wait = 1000;

  function connect() {
    var socket = new WebSocket(address);
    socket.onopen = function () {
      wait = 1000;
    };
    socket.onmessage = function (event) {
      if (event.data === "reload") location.reload();
    };
    socket.onclose = function () {
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, 60000);
    };
  }
  connect();
})();
