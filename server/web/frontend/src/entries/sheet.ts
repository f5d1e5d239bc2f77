import "../house";
import "../../styles/pages/sheet.css";
