/** An order on its way: the page looks again as soon as the wire tells of it, and now and then in case it does not. */
import "../../styles/lesson.css";
import { SocketTransport } from "../lib/socket.ts";

interface OrderNotice {
  kind: string;
  order?: string;
}

const root = document.querySelector<HTMLElement>("main[data-order]");
if (root) {
  const wire = new SocketTransport(root.dataset.channel ?? "");
  wire.on("notice", (notice: OrderNotice) => {
    if (notice.kind === "order" && notice.order === root.dataset.order) location.reload();
  });
  setTimeout(() => location.reload(), Number(root.dataset.patience) * 1_000);
}
