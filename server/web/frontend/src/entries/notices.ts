/** Settings of notices: whether this browser is told while no page is open. Without push the page says nothing of it. */
import "../../styles/lesson.css";
import { offerPush } from "../lib/pushing.ts";

const box = document.querySelector<HTMLElement>("#push");
if (box) void offerPush(box);
