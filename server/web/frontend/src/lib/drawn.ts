/** Pages as the server draws them now, read while another stands open. */

/** The page at `url`; `gone` when it is no longer to be seen, null when nothing was heard. */
export function drawn(url: string): Promise<Document | "gone" | null> {
  return new Promise((tell) => {
    // The policy of the page takes no text for HTML: what the browser itself reads as a document is none.
    const request = new XMLHttpRequest();
    request.open("GET", url);
    request.responseType = "document";
    request.timeout = 10_000;
    request.onloadend = () => {
      if ([401, 403, 404].includes(request.status) || led(request, url)) tell("gone");
      else tell(request.status === 200 ? request.responseXML : null);
    };
    request.send();
  });
}

/** Whether the answer came from elsewhere: the door, for who is signed out. */
function led(request: XMLHttpRequest, url: string): boolean {
  return request.status === 200 && !request.responseURL.endsWith(url);
}
