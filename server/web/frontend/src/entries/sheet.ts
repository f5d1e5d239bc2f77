import "../../styles/pages/sheet.css";
